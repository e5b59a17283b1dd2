//! Single events of the shop, and where what they make is read.

/// Customers whom the orders are of.
pub const CUSTOMERS: usize = 100;

/// Where the overview of an order is, in the first generation.
pub fn overview(number: usize) -> String {
    format!("{{projector:shop:0}}:g1:v:order_overview:o-{number}")
}

/// A customer.
pub fn customer(number: usize) -> Vec<u8> {
    let data = format!(r#"{{"customer_id":"c-{number}","name":"Ada","email":"a@b.example","country":"SE","newsletter":true}}"#);
    event("customers", "CustomerRegistered", number, &data)
}

/// An order of two lines.
pub fn order(number: usize) -> Vec<u8> {
    let line = |line: usize| format!(r#"{{"line_no":{line},"sku":"sku-{line}","quantity":2,"unit_price":4.50}}"#);
    let lines = [line(1), line(2)].join(",");
    let customer = number % CUSTOMERS;
    let data = format!(
        r#"{{"order_id":"o-{number}","customer_id":"c-{customer}","channel":"web","delivery":"standard","lines":[{lines}]}}"#
    );
    event("orders", "OrderPlaced.v2", number, &data)
}

fn event(service: &str, ty: &str, number: usize, data: &str) -> Vec<u8> {
    let time = "2026-03-01T10:00:00Z";
    let head =
        format!(r#""specversion":"1.0","id":"{service}-{number}","source":"/shop/{service}","type":"{ty}","time":"{time}""#);
    format!(r#"{{{head},"data":{data}}}"#).into_bytes()
}
