//! Notices in the page, and toasts over it.

use super::icon::{Icon, icon};
use crate::runtime::prelude::*;

/// The severity of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Info,
    Success,
    Warning,
    Danger,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Info => "notice",
            Self::Success => "notice success",
            Self::Warning => "notice warning",
            Self::Danger => "notice danger",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Info => Icon::Info,
            Self::Success => Icon::Check,
            Self::Warning | Self::Danger => Icon::Warning,
        }
    }
}

/// A notice in the page. Put it in an element with the role `status` or `alert` if a screen reader should announce it when it
/// appears.
#[component]
pub fn Notice(tone: Tone, children: Children) -> impl IntoView {
    erased_view! { <div class=tone.class()>{icon(tone.icon())}<div>{children()}</div></div> }
}

/// "Saved", next to the button of a form whose page stays the same.
#[component]
pub fn SavedStatus(saved: Signal<bool>) -> impl IntoView {
    erased_view! {
        <p role="status" class="save-status">
            {move || saved.get().then(|| erased_view! { {icon(Icon::Check)}"Saved" })}
        </p>
    }
}

/// A notice over the page, shown until it is dismissed. The live region is rendered even without a message: screen readers
/// announce changes only in a region that already exists.
#[component]
pub fn Toast(
    tone: Tone,
    #[prop(into)] message: Signal<Option<String>>,
    on_dismiss: Callback<()>,
) -> impl IntoView {
    erased_view! {
        <div class="toasts" role="status">
            {move || message.get().map(|message| erased_view! {
                <Notice tone>
                    <p>{message}</p>
                    <button type="button" class="button quiet" on:click=move |_| on_dismiss.run(())>"Dismiss"</button>
                </Notice>
            })}
        </div>
    }
}
