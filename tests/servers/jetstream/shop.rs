//! The shop, its log on JetStream.

use projector::demo::Shop;

use crate::folder::{Folder, complaint};
use crate::nats::{self, Operator, STREAM};

const EVENTS: usize = 5000;
const VIEWS: [&str; 4] = ["order_overview", "customer_summary", "daily_revenue", "product_sales"];

#[test]
fn the_shop_is_the_same_wherever_its_log_is() {
    let mut server = nats::start();
    let (folder, embedded) = (Folder::on_jetstream(&server), Folder::embedded());
    let created = folder.run(&["log", "create"]);
    assert_eq!(created, format!("stream {STREAM} of {} takes shop.*.*\n", nats::url(&server)));
    let events = || Shop::new(3).take(EVENTS).map(|event| event.bytes);
    folder.publish(events());
    embedded.publish(events());
    embedded.run(&["run", "--until-caught-up"]);

    let running = folder.start(&["run", "--until-caught-up"]);
    Operator::connect(&server).wait_for_consumers(1);
    for _ in 0..3 {
        server.restart();
    }
    let output = running.wait_with_output().expect("the binary ends");
    assert!(output.status.success(), "{}", complaint(&output));
    folder.run(&["verify", "shop"]);
    for view in VIEWS {
        let arguments = ["query", view, "--all"];
        assert!(folder.run(&arguments) == embedded.run(&arguments), "{view} differs");
    }
}
