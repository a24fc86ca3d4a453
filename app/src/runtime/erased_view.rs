//! Type-erased views.

/// Leptos' `view!`, erased to `AnyView`. Everything generic over a view, such as lists, conditionals and reactive closures,
/// is compiled once for each view type, and each copy adds to the WebAssembly bundle.
#[macro_export]
macro_rules! erased_view {
    ($($html:tt)*) => {
        ::leptos::prelude::IntoAny::into_any(::leptos::prelude::view! { $($html)* }.into_inner())
    };
}

pub use crate::erased_view;
