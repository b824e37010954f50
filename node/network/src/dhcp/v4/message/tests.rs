//! DHCPv4 messages as bytes, right ones and broken ones.

use proptest::prelude::*;

use super::*;

fn answer(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; FIXED];
    bytes[..4].copy_from_slice(&[2, 1, 6, 0]);
    bytes[4..8].copy_from_slice(&7_u32.to_be_bytes());
    bytes[16..20].copy_from_slice(&[192, 0, 2, 9]);
    bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    bytes[236..240].copy_from_slice(&COOKIE);
    bytes.extend(options);
    bytes
}

#[test]
fn options_are_read() {
    let options: &[&[u8]] = &[
        &[53, 1, 5, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0],
        &[3, 4, 192, 0, 2, 1, 6, 8, 192, 0, 2, 2, 192, 0, 2, 3, 26, 2, 5, 120, 42, 4, 192, 0, 2, 4],
        &[
            15, 4, b'h', b'o', b'm', b'e', 12, 5, b'N', b'o', b'd', b'e', 0, 121, 8, 24, 10, 1, 2, 192, 0, 2,
            7,
        ],
        // A search list in two parts, the second name pointing into the first.
        &[119, 5, 3, b'a', b'b', b'c', 3, 119, 9, b'o', b'r', b'g', 0, 1, b'x', 0xc0, 4, 255],
    ];
    let reply = parse(&answer(&options.concat())).expect("well-formed");
    insta::assert_debug_snapshot!(reply);
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |options: &[u8]| parse(&answer(options)).expect_err("refused");
    assert_eq!(refused(&[53, 1, 5, 51, 3, 0, 0, 1]), Malformed::Option(51));
    assert_eq!(refused(&[53, 1, 5, 6, 5, 1, 2, 3, 4, 5]), Malformed::Option(6));
    assert_eq!(refused(&[53, 1, 5, 51, 200, 0]), Malformed::Option(51));
    assert_eq!(refused(&[53, 1, 5, 1, 4, 255, 0, 255, 0]), Malformed::Option(1));
    // Two servers, or two types, in one message.
    assert_eq!(refused(&[53, 1, 5, 54, 4, 1, 2, 3, 4, 54, 4, 4, 3, 2, 1]), Malformed::Option(54));
    assert_eq!(refused(&[53, 1, 5, 53, 1, 6]), Malformed::Option(53));
    assert_eq!(refused(&[51, 4, 0, 0, 1, 0]), Malformed::Type);
    assert_eq!(parse(&[2; 100]), Err(Malformed::Short));
    assert_eq!(parse(&[2; 1501]), Err(Malformed::Long));
}

#[test]
fn options_may_go_on_in_the_fields_of_names() {
    let mut bytes = answer(&[53, 1, 5, 52, 1, 3, 255]);
    bytes[FILE.start..FILE.start + 6].copy_from_slice(&[51, 4, 0, 0, 1, 0]);
    bytes[SNAME.start..SNAME.start + 6].copy_from_slice(&[54, 4, 192, 0, 2, 1]);
    let reply = parse(&bytes).expect("well-formed");
    assert_eq!((reply.parameters.lease, reply.server), (Some(256), Some(Ipv4Addr::new(192, 0, 2, 1))));
}

#[test]
fn names_that_would_break_a_file_are_dropped() {
    let mut options = vec![53, 1, 5, 15, 12];
    options.extend(b"a\nnameserver");
    options.extend([12, 3, b'a', b' ', b'b']);
    let reply = parse(&answer(&options)).expect("well-formed");
    assert_eq!((reply.parameters.search.len(), reply.parameters.hostname), (0, None));
}

#[test]
fn requests_are_messages_of_their_kind() {
    let bytes = Request {
        kind: MessageType::Request,
        transaction: 9,
        mac: [2, 0, 0, 0, 0, 1],
        seconds: 3,
        has: None,
        wants: Some(Ipv4Addr::new(192, 0, 2, 9)),
        server: Some(Ipv4Addr::new(192, 0, 2, 1)),
        hostname: Some("node"),
    }
    .bytes();
    assert!(bytes.len() >= SMALLEST);
    let message = Message::decode(&mut Decoder::new(&bytes)).expect("readable");
    insta::assert_debug_snapshot!(message.opts().iter().map(|(_, option)| option).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(options in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&answer(&options));
    }

    /// Random bytes hardly ever are options, so these are options with random codes, lengths and values.
    #[test]
    fn any_options_are_read_or_refused(
        options in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..20),
    ) {
        let mut bytes = vec![53, 1, 5];
        for (code, value) in options {
            bytes.extend([code, value.len() as u8]);
            bytes.extend(value);
        }
        if let Ok(reply) = parse(&answer(&bytes)) {
            prop_assert!(reply.parameters.search.iter().all(|name| is_domain(name)));
            prop_assert!(reply.parameters.dns.len() <= LONGEST_LIST);
        }
    }
}
