//! Icons: 16 pixels, in the color of the surrounding text, hidden from screen readers.

use crate::runtime::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Check,
    Clock,
    Cross,
    Organization,
    Info,
    Mail,
    Pause,
    Plus,
    Search,
    Up,
    Down,
    Warning,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "M3 8.5l3.2 3.2L13 4.8",
            Self::Clock => "M8 4.5V8l2.4 1.6M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::Organization => {
                "M3 14V3.5A1.5 1.5 0 0 1 4.5 2h7A1.5 1.5 0 0 1 13 3.5V14M1.5 14h13M9.8 8.4v.2"
            }
            Self::Info => "M8 7.5v3.8M8 4.9v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
            Self::Mail => "M2.5 3.5h11v9h-11zM2.5 4.5L8 9l5.5-4.5",
            Self::Pause => "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0zM6.5 6v4M9.5 6v4",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Search => "M10.6 10.6L14 14M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0z",
            Self::Up => "M8 13V3M4 7l4-4 4 4",
            Self::Down => "M8 3v10M4 9l4 4 4-4",
            Self::Warning => {
                "M8 6v3.2M8 11.6v.1M7.1 2.6L1.7 12a1 1 0 0 0 .9 1.5h10.8a1 1 0 0 0 .9-1.5L8.9 2.6a1 1 0 0 0-1.8 0z"
            }
        }
    }
}

/// Renders an icon.
pub fn icon(icon: Icon) -> impl IntoView {
    erased_view! {
        <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
            <path d=icon.path() fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"></path>
        </svg>
    }
}
