//! What is signed, and what firmware is told about keys.

use corten_formats::gpt::Guid;
use corten_sign::efi::{
    self, EfiTime, KeyVariable, SignatureList, VariableStore, read_lists, read_update, write_lists,
};
use corten_sign::{Certificate, checksum, digest};

pub fn signed_program(data: &[u8]) {
    let _ = digest(data);
    let _ = checksum(data);
}

pub fn certificate(data: &[u8]) {
    if let Ok(certificate) = Certificate::parse(data) {
        let _ = (certificate.subject(), certificate.check_validity(0));
    }
}

/// A certificate of a key that nobody has any more, in both forms.
pub fn certificate_seeds() -> Vec<Vec<u8>> {
    let pem = include_bytes!("certificate.pem");
    let der = Certificate::parse(pem).map(|certificate| certificate.der().to_vec());
    std::iter::once(pem.to_vec()).chain(der).collect()
}

pub fn signature_lists(data: &[u8]) {
    let Ok(lists) = read_lists(data) else { return };
    if let Ok(written) = write_lists(&lists) {
        let again = read_lists(&written).map(|again| again.len());
        assert_eq!(again, Ok(lists.len()), "what is written is read");
    }
}

pub fn signature_lists_seeds() -> Vec<Vec<u8>> {
    let list = |length: usize| SignatureList::of_certificate(Guid::new(7), &vec![0x30; length]);
    write_lists(&[list(40), list(70)]).into_iter().collect()
}

pub fn variable_update(data: &[u8]) {
    if let Ok(update) = read_update(data) {
        let _ = (update.time.to_string(), read_lists(&update.value));
    }
}

/// A time, a signature of eight bytes, and lists.
pub fn variable_update_seeds() -> Vec<Vec<u8>> {
    let pkcs7 = Guid::new(0x4aaf_d29d_68df_49ee_8aa9_347d_3756_65a7);
    let header = [&32_u32.to_le_bytes()[..], &[0, 2, 0xf1, 0x0e], &pkcs7.to_disk()].concat();
    let update = |lists: Vec<u8>| [&[0; 16][..], &header, &[0x30; 8], &lists].concat();
    signature_lists_seeds().into_iter().map(update).collect()
}

pub fn variables(data: &[u8]) {
    let Ok(mut store) = VariableStore::parse(data) else { return };
    let _ = efi::dump(&store);
    let key = vec![(KeyVariable::PlatformKey, vec![1; 40])];
    if store.enrol(&key, EfiTime::default()).is_ok()
        && let Ok(bytes) = store.to_bytes()
    {
        let again = VariableStore::parse(&bytes);
        assert_eq!(
            again.as_ref().map(VariableStore::variables),
            Ok(store.variables()),
            "it is read as written"
        );
    }
}

/// A store with room for 1 KiB of variables, empty and with one.
pub fn variables_seeds() -> Vec<Vec<u8>> {
    let (start, room) = (72_u16, 1024_u32);
    let mut file = vec![0; usize::from(start)];
    file[16..32].copy_from_slice(&Guid::new(0xfff1_2b8d_7696_4c8b_a985_2747_075b_4f50).to_disk());
    file[48..50].copy_from_slice(&start.to_le_bytes());
    file.extend(Guid::new(0xaaf3_2c78_947b_439a_a180_2e14_4ec3_7792).to_disk());
    file.extend((28 + room).to_le_bytes());
    file.extend([0x5a, 0xfe, 0, 0, 0, 0, 0, 0]);
    file.resize(file.len() + room as usize, 0xff);
    let mut store = VariableStore::parse(&file);
    if let Ok(store) = &mut store {
        let _ = store.enrol(&[(KeyVariable::Database, vec![3; 40])], EfiTime::default());
    }
    let enrolled = store.ok().and_then(|store| store.to_bytes().ok());
    std::iter::once(file).chain(enrolled).collect()
}
