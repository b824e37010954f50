//! Lists, updates and stores of firmware, read by openssl and virt-fw-vars.

use corten_formats::gpt::Guid;
use corten_sign::efi::{
    EfiTime, KeyVariable, SignatureList, StoreError, VariableStore, dump, read_lists, read_update,
    write_lists,
};
use corten_sign::keys::{Enrolment, enrolment};
use proptest::prelude::*;

use crate::keys::{keys, now};
use crate::tool;

const OWNER: Guid = Guid::new(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);

fn enrolments() -> Vec<Enrolment> {
    enrolment(keys(), now()).expect("it can be made")
}

/// A store without variables, of the size that OVMF has.
fn empty() -> Vec<u8> {
    let mut file = vec![0xff; 0x84000];
    file[..0x64].fill(0);
    file[16..32].copy_from_slice(&Guid::new(0xfff1_2b8d_7696_4c8b_a985_2747_075b_4f50).to_disk());
    file[32..40].copy_from_slice(&0x84000_u64.to_le_bytes());
    file[40..44].copy_from_slice(b"_FVH");
    file[48..50].copy_from_slice(&0x48_u16.to_le_bytes());
    file[0x48..0x58].copy_from_slice(&Guid::new(0xaaf3_2c78_947b_439a_a180_2e14_4ec3_7792).to_disk());
    file[0x58..0x5c].copy_from_slice(&0x3ffb8_u32.to_le_bytes());
    file[0x5c..0x5e].copy_from_slice(&[0x5a, 0xfe]);
    file
}

fn enrolled() -> VariableStore {
    let mut store = VariableStore::parse(&empty()).expect("a store");
    let keys: Vec<_> = enrolments().into_iter().map(|one| (one.variable, one.list)).collect();
    store.enrol(&keys, EfiTime::new(now())).expect("it has no keys");
    store
}

#[test]
fn lists_hold_the_certificates_that_were_put_in() {
    for (one, key) in enrolments().iter().zip(keys()) {
        let lists = read_lists(&one.list).expect("lists");
        let certificates: Vec<_> = lists.iter().flat_map(SignatureList::certificates).collect();
        assert_eq!(certificates, [key.der.as_slice()]);
    }
}

#[test]
fn an_update_is_signed_by_the_key_that_may_change_the_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let [_, kek, pk] = keys();
    for one in enrolments() {
        let update = read_update(&one.update).expect("an update");
        assert_eq!((update.time, &update.value), (EfiTime::new(now()), &one.list));
        // UEFI 2.10, 8.2.2: name without its zero, namespace, attributes, time, value.
        let mut message: Vec<u8> = one.variable.name().encode_utf16().flat_map(u16::to_le_bytes).collect();
        message.extend_from_slice(&one.variable.namespace().to_disk());
        message.extend_from_slice(&0x27_u32.to_le_bytes());
        message.extend_from_slice(&update.time.bytes());
        message.extend_from_slice(&update.value);
        let Some(mut openssl) = tool::find("openssl") else { return };
        let signer = if one.variable == KeyVariable::Database { kek } else { pk };
        let certificate = tool::file(&folder, "signer.crt", signer.certificate.as_bytes());
        let message = tool::file(&folder, "message", &message);
        // openssl reads the message that goes around SignedData: its type, then the data with tag [0].
        let mut signature =
            vec![0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x82];
        signature.extend_from_slice(&(update.signature.len() as u16).to_be_bytes());
        signature.extend_from_slice(&update.signature);
        let mut whole = vec![0x30, 0x82];
        whole.extend_from_slice(&(signature.len() as u16).to_be_bytes());
        whole.extend_from_slice(&signature);
        let signature = tool::file(&folder, "signature", &whole);
        openssl.args(["smime", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-noverify"]);
        openssl.arg("-in").arg(signature).arg("-content").arg(message).arg("-certfile").arg(certificate);
        tool::run(openssl.args(["-nointern", "-out"]).arg(folder.path().join("out")));
    }
}

#[test]
fn enrolled_keys_are_in_the_store_and_the_rest_is_as_it_was() {
    let store = enrolled();
    let bytes = store.to_bytes().expect("it fits");
    let read = VariableStore::parse(&bytes).expect("a store");
    assert_eq!(read.variables(), store.variables());
    for one in enrolments() {
        assert_eq!(read.keys(one.variable), Some(one.list.as_slice()));
    }
    assert_eq!(bytes[..0x64], empty()[..0x64]);
    assert_eq!(bytes[0x48 + 0x3ffb8..], empty()[0x48 + 0x3ffb8..]);
    insta::assert_snapshot!(dump(&read), @r"
    db d719b2cb-3d3a-4596-a3bc-dad00e67656f 0x27 2026-11-24T00:00:00Z
    KEK 8be4df61-93ca-11d2-aa0d-00e098032b8c 0x27 2026-11-24T00:00:00Z
    PK 8be4df61-93ca-11d2-aa0d-00e098032b8c 0x27 2026-11-24T00:00:00Z
    SecureBootEnable f0a30bc7-af08-4556-99c4-001009c93a44 0x3 0000-00-00T00:00:00Z
    CustomMode c076ec0c-7028-4399-a072-71ee5c448b9f 0x3 0000-00-00T00:00:00Z
    ");
}

#[test]
fn a_store_with_keys_gets_no_others() {
    assert_eq!(enrolled().enrol(&[], EfiTime::default()), Err(StoreError::Enrolled));
}

#[test]
fn virt_fw_vars_finds_the_keys_and_secure_boot_on() {
    let Some(mut program) = tool::find("virt-fw-vars") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = tool::file(&folder, "vars.fd", &enrolled().to_bytes().expect("it fits"));
    let text = tool::run(program.arg("--input").arg(path).args(["--print", "--verbose"]));
    for expected in ["CN=tests PK", "CN=tests KEK", "CN=tests db", "SecureBootEnable"] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[test]
fn what_is_no_store_is_refused() {
    let mut cut = empty();
    cut.truncate(0x1000);
    let mut unsigned = empty();
    unsigned[0x48] ^= 1;
    let mut raw = empty();
    raw[0x5c] = 0xff;
    let errors = [vec![], cut, unsigned, raw]
        .map(|file| VariableStore::parse(&file).expect_err("no store").to_string());
    insta::assert_snapshot!(errors.join("\n"), @r"
    not a store of firmware variables: no volume for variables; expected a copy of OVMF_VARS_4M.fd
    not a store of firmware variables: it is cut off; expected a copy of OVMF_VARS_4M.fd
    not a store of firmware variables: variables without signed updates; expected a copy of OVMF_VARS_4M.fd
    not a store of firmware variables: it is not formatted; expected a copy of OVMF_VARS_4M.fd
    ");
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_lists(&bytes);
        let _ = read_update(&bytes);
        let _ = VariableStore::parse(&bytes);
    }

    #[test]
    fn damaged_stores_are_read(damage in prop::collection::vec((0..0x1000_usize, any::<u8>()), 1..8)) {
        static STORE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut store = STORE.get_or_init(|| enrolled().to_bytes().expect("it fits")).clone();
        for (at, byte) in damage {
            store[at] = byte;
        }
        if let Ok(store) = VariableStore::parse(&store) {
            for one in store.variables() {
                let _ = read_lists(&one.value);
            }
        }
    }

    #[test]
    fn lists_come_back_as_they_were(sizes in prop::collection::vec((1..4_usize, 0..300_usize), 0..5)) {
        let lists: Vec<_> = sizes.iter().map(|(count, size)| {
            let mut list = SignatureList::of_certificate(OWNER, &vec![7; *size]);
            list.entries = vec![list.entries[0].clone(); *count];
            list
        }).collect();
        let bytes = write_lists(&lists).expect("entries of one size");
        prop_assert_eq!(read_lists(&bytes).expect("lists"), lists);
    }
}
