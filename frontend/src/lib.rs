//! The browser entry point: hydrates the app.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::runtime::hydrate::hydrate(app::ROUTES, app::App);
}

/// Unused padding in the data section. When the bundle is split, the data of each chunk is relocated with its alignment, which
/// takes more space than the original data. Without the padding, all of it would stay in the main bundle. The padding itself
/// is not part of any file that is served.
#[used]
static SPLIT_PADDING: [u8; 4096] = [1; 4096];
