//! Views of one type.

/// A view, as Leptos' own, but of one type whatever stands in it. What holds views, such as a list, a choice or a function
/// that is run again, is compiled anew for each type that it holds, and each copy weighs in what a browser loads.
macro_rules! erased_view {
    ($($html:tt)*) => {
        ::leptos::prelude::IntoAny::into_any(::leptos::prelude::view! { $($html)* }.into_inner())
    };
}

pub(crate) use erased_view;
