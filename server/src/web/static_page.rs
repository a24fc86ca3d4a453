//! HTML documents that are not rendered by Leptos: error pages, which must work even when rendering fails, and the dev
//! mailbox.

/// A complete HTML document. `title` is escaped; `body` is inserted as HTML.
pub fn document(title: &str, class: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"/favicon.svg\">\
         <link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body><main id=\"main\" class=\"{class}\"><h1>{title}</h1>{body}</main></body></html>"
    )
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_title_is_escaped() {
        assert_eq!(escape("<b>\"&"), "&lt;b&gt;&quot;&amp;");
        assert!(document("<b>", "x", "").contains("<h1>&lt;b&gt;</h1>"));
    }
}
