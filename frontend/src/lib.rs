//! Starts the interface in the browser, and nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::start();
}

/// Room that nobody uses, and that no browser loads. Parting the data of the pages moves it about, and needs more room than
/// there was by what its alignment takes; without, all of it would stay in what everybody loads.
#[used]
static ROOM: [u8; 4096] = [1; 4096];
