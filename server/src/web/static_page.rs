//! Pages without Leptos: for what must be shown even when it fails, and for tools beside the interface.

/// A page of ours; `body` is HTML.
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
    fn what_stands_in_a_page_stays_text() {
        assert_eq!(escape("<b>\"&"), "&lt;b&gt;&quot;&amp;");
        assert!(document("<b>", "x", "").contains("<h1>&lt;b&gt;</h1>"));
    }
}
