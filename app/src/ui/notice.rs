//! What there is to know, between the lines of a page or over them.

use super::icon::{Icon, icon};
use crate::erased_view::erased_view;
use leptos::prelude::*;

/// What a notice means to the person who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Success,
    Warning,
    Danger,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "notice",
            Self::Success => "notice success",
            Self::Warning => "notice warning",
            Self::Danger => "notice danger",
        }
    }

    const fn sign(self) -> Icon {
        match self {
            Self::Plain => Icon::Info,
            Self::Success => Icon::Check,
            Self::Warning | Self::Danger => Icon::Warning,
        }
    }
}

/// A notice in the page. To be heard when it comes up, it stands in an element with the role `status` or `alert`.
#[component]
pub fn Notice(tone: Tone, children: Children) -> impl IntoView {
    erased_view! { <div class=tone.class()>{icon(tone.sign())}<div>{children()}</div></div> }
}

/// A notice over the page, which stays until it was read. Empty, it waits: news in an element that is there already
/// are the ones that a screen reader tells.
#[component]
pub fn Toast(
    tone: Tone,
    #[prop(into)] words: Signal<Option<String>>,
    on_dismiss: Callback<()>,
) -> impl IntoView {
    erased_view! {
        <div class="toasts" role="status">
            {move || words.get().map(|words| erased_view! {
                <Notice tone>
                    <p>{words}</p>
                    <button type="button" class="button quiet" on:click=move |_| on_dismiss.run(())>"Dismiss"</button>
                </Notice>
            })}
        </div>
    }
}
