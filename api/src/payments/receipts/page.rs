//! A receipt on paper: the same form two or three times, one a part (两联、三联票据, PAY-02).

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{fault::Text, text_enum::TextEnum};
use persistence::payments::receipts::Issued;
use sha2::{Digest, Sha256};

use crate::http::context::Language;

const STYLE: &str = "body{font:14px/1.6 'Songti SC',SimSun,serif;color:#000;margin:0}\
section{position:relative;box-sizing:border-box;padding:8mm 12mm;border-bottom:1px dashed #888;page-break-inside:avoid}\
h1{font-size:20px;text-align:center;margin:0}\
h1 small{font-size:13px;font-weight:normal;margin-left:2em}\
dl{display:grid;grid-template-columns:auto 1fr auto 1fr;gap:2px 1em;margin:8px 0}\
dt{white-space:nowrap}dd{margin:0}\
table{width:100%;border-collapse:collapse}\
td,th{border:1px solid #000;padding:2px 8px;text-align:left}\
.amount{text-align:right;white-space:nowrap}\
.void{position:absolute;top:30%;left:35%;font-size:48px;color:#c00;border:4px solid #c00;padding:0 .4em;transform:rotate(-15deg);opacity:.7}\
@page{margin:0}";

/// What the page may load: nothing but its own style.
pub(super) fn policy() -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'")
}

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

const PARTS: [Text; 3] = [
    text("第一联 客户联", "Part 1: customer"),
    text("第二联 财务联", "Part 2: finance"),
    text("第三联 存根联", "Part 3: stub"),
];

/// The page, with every value escaped. `payer` is what its reader may see of the payer's name.
pub(super) fn page(
    issued: &Issued,
    payer: Option<String>,
    parts: i16,
    language: Language,
) -> String {
    let parts = usize::try_from(parts).unwrap_or_default();
    let form = form(issued, payer, language);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title>\
         <style>{STYLE}</style></head>\n<body>\n",
        language.tag(),
        escaped(&issued.receipt.number.to_string()),
    );
    for part in PARTS.iter().take(parts) {
        let heading = text("收款收据", "Receipt");
        let _ = write!(
            out,
            "<section>\n<h1>{}<small>{}</small></h1>\n{form}</section>\n",
            language.of(heading),
            language.of(*part),
        );
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// What is the same on every part.
fn form(issued: &Issued, payer: Option<String>, language: Language) -> String {
    let (receipt, payment) = (&issued.receipt, &issued.payment);
    let mut out = String::new();
    if receipt.voided_at.is_some() {
        let void = language.of(text("作废", "VOID"));
        let _ = writeln!(out, "<p class=\"void\">{void}</p>");
    }
    out.push_str("<dl>");
    let reprint = match receipt.print_count {
        0 | 1 => String::new(),
        count => format!("× {count}"),
    };
    for (name, value) in [
        (text("收据编号", "Number"), receipt.number.to_string()),
        (text("收款日期", "Paid on"), payment.paid_on.to_string()),
        (text("收款单位", "Received by"), issued.legal_entity.clone()),
        (text("校区", "Campus"), issued.campus.clone()),
        (text("交款人", "Paid by"), payer.unwrap_or_default()),
        (
            text("收款方式", "Method"),
            language.of(payment.method.label()).to_owned(),
        ),
        (
            text("收款人", "Cashier"),
            issued.receiver.clone().unwrap_or_default(),
        ),
        (text("打印次数", "Printed"), reprint),
    ] {
        if !value.is_empty() {
            let (name, value) = (language.of(name), escaped(&value));
            let _ = write!(out, "<dt>{name}</dt><dd>{value}</dd>");
        }
    }
    let (item, amount) = (text("收款项目", "Item"), text("金额", "Amount"));
    let _ = write!(
        out,
        "</dl>\n<table>\n<tr><th>{}</th><th class=\"amount\">{} ({})</th></tr>\n",
        language.of(item),
        language.of(amount),
        escaped(payment.amount.currency().code()),
    );
    let mut rest = Ok(payment.amount);
    for (description, amount) in &issued.lines {
        rest = rest.and_then(|rest| rest.minus(*amount));
        row(&mut out, description, &amount.figures());
    }
    if let Ok(rest) = rest
        && rest.is_positive()
    {
        let prepaid = language.of(text("预存款", "Kept as credit"));
        row(&mut out, prepaid, &rest.figures());
    }
    let total = match payment.amount.capitals() {
        Some(capitals) => format!("{} {capitals}", language.of(text("合计", "Total"))),
        None => language.of(text("合计", "Total")).to_owned(),
    };
    row(&mut out, &total, &payment.amount.figures());
    out.push_str("</table>\n");
    out
}

fn row(out: &mut String, item: &str, amount: &str) {
    let (item, amount) = (escaped(item), escaped(amount));
    let _ = writeln!(
        out,
        "<tr><td>{item}</td><td class=\"amount\">{amount}</td></tr>"
    );
}

/// As text between tags or in a quoted attribute.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_value_is_text() {
        assert_eq!(
            escaped("<img src=x onerror='alert(\"1\")'>&"),
            "&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp;"
        );
    }
}
