//! From wishes to modules.

use corten_formats::modules::{KERNEL_REQUESTS, canonical};

use crate::kernel;

#[test]
fn a_closure_says_why_each_module_is_in_it() {
    let closure = kernel().closure(&["vfat", "fs-btrfs", "virtio_net", "ext4", "drivers/vfio/vfio"]).unwrap();
    insta::assert_debug_snapshot!(closure.modules);
}

#[test]
fn globs_select_by_path_and_by_name() {
    let catalog = kernel();
    let names =
        |wish: &str| -> Vec<String> { catalog.closure(&[wish]).unwrap().modules.into_keys().collect() };
    assert_eq!(names("drivers/net/*"), ["failover", "net_failover", "virtio_net"]);
    assert_eq!(names("drivers/net/**"), ["e1000", "failover", "net_failover", "virtio_net"]);
    assert_eq!(names("**/e1000"), ["e1000"]);
    assert_eq!(names("nls-*"), ["nls_ascii", "nls_cp437"]);
    assert_eq!(names("pci:v00008086d0000100Fsv0sd0bc0sc0i0"), ["e1000"]);
    assert_eq!(names("fs-ext4"), [""; 0]);
}

#[test]
fn a_wish_that_leads_nowhere_is_named_with_its_neighbours() {
    let error = |wish: &str| kernel().closure(&[wish]).unwrap_err().to_string();
    insta::assert_snapshot!([error("virtionet"), error("btrf"), error("drivers/nett/**"), error("qqqqqqqqqq")].join("\n"), @r#"
    no kernel module, path or alias matches "virtionet", did you mean virtio_net?
    no kernel module, path or alias matches "btrf", did you mean btrfs?
    no kernel module, path or alias matches "drivers/nett/**"
    no kernel module, path or alias matches "qqqqqqqqqq"
    "#);
}

#[test]
fn the_table_of_requests_is_spelled_canonically_and_sorted_into_one_place_each() {
    for request in KERNEL_REQUESTS {
        assert_eq!(canonical(request.module), request.module);
        assert!(!request.asks_for.is_empty() && !request.reason.is_empty());
        assert!(!request.asks_for.contains(&request.module), "{request:?}");
    }
}
