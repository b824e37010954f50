//! DHCPv6 messages as bytes, right ones and broken ones.

use proptest::prelude::*;

use super::*;

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, code, value);
    bytes
}

fn answer(options: &[Vec<u8>]) -> Vec<u8> {
    [vec![7, 1, 2, 3], options.concat()].concat()
}

#[test]
fn options_are_read() {
    let address: Ipv6Addr = "2001:db8::9".parse().expect("an address");
    let lease = [&address.octets()[..], &600_u32.to_be_bytes(), &900_u32.to_be_bytes()].concat();
    let association = [&[0, 0, 0, 5, 0, 0, 1, 0, 0, 0, 2, 0][..], &option(5, &lease)].concat();
    let bytes = answer(&[
        option(1, b"client"),
        option(2, b"server"),
        option(3, &association),
        option(7, &[255]),
        option(23, &address.octets()),
        option(24, b"\x03Lan\x07example\x00\x02a\n\x00"),
        option(56, &option(1, &address.octets())),
        option(999, b"whatever"),
    ]);
    let reply = parse(&bytes).expect("well-formed");
    assert_eq!((reply.transaction, reply.preference, reply.status), (0x01_0203, 255, 0));
    assert_eq!((reply.client.as_slice(), reply.server.as_slice()), (&b"client"[..], &b"server"[..]));
    let expected = Offer {
        association: 5,
        renewal: 256,
        rebinding: 512,
        status: 0,
        addresses: vec![(address, 600, 900)],
    };
    assert_eq!(reply.offers, [expected]);
    assert_eq!(
        (reply.dns, reply.ntp, reply.search),
        (vec![address], vec![address], vec!["lan.example".into()])
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |options: &[Vec<u8>]| parse(&answer(options)).expect_err("refused");
    assert_eq!(refused(&[option(23, &[0; 15])]), Malformed::Option(23));
    assert_eq!(refused(&[option(1, b"a"), option(1, b"b")]), Malformed::Option(1));
    assert_eq!(refused(&[option(3, &[0; 11])]), Malformed::Option(3));
    assert_eq!(refused(&[option(13, &[0])]), Malformed::Option(13));
    assert_eq!(refused(&[option(24, b"\x03ab")]), Malformed::Option(24));
    assert_eq!(refused(&[vec![0, 1, 0, 9, 1]]), Malformed::Option(1));
    assert_eq!(parse(&[1, 0, 0, 0]), Err(Malformed::Type(1)));
    assert_eq!(parse(&[7; 1501]), Err(Malformed::Length(1501)));
    assert_eq!(parse(&[7, 0]), Err(Malformed::Length(2)));
}

#[test]
fn requests_have_the_form_of_messages() {
    let request = Request {
        ask: Ask::Request,
        transaction: 0xff01_0203,
        client: b"client".to_vec(),
        server: Some(b"server"),
        association: 5,
        address: Some("2001:db8::9".parse().expect("an address")),
        elapsed_ms: 1230,
    };
    let mut bytes = request.bytes();
    assert_eq!(bytes[..4], [3, 1, 2, 3]);
    // It reads as an answer would.
    bytes[0] = 7;
    let reply = parse(&bytes).expect("well-formed");
    assert_eq!((reply.client.as_slice(), reply.offers[0].association), (&b"client"[..], 5));
    assert_eq!(reply.offers[0].addresses.len(), 1);
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(
        options in proptest::collection::vec((0_u16..60, proptest::collection::vec(any::<u8>(), 0..60)), 0..12),
        rest in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut options: Vec<Vec<u8>> = options.iter().map(|(code, value)| option(*code, value)).collect();
        options.push(rest);
        if let Ok(reply) = parse(&answer(&options)) {
            prop_assert!(reply.search.iter().all(|name| is_domain(name)));
        }
    }
}
