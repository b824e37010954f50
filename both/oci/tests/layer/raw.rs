//! Archives as nobody should write them, header by header.

/// A header with any fields, and content that is padded.
pub struct Raw<'a> {
    pub name: &'a [u8],
    pub kind: u8,
    pub link: &'a [u8],
    pub size: &'a str,
    pub content: &'a [u8],
}

impl Raw<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let mut header = [0_u8; 512];
        header[..self.name.len()].copy_from_slice(self.name);
        header[100..107].copy_from_slice(b"0000644");
        header[124..124 + self.size.len()].copy_from_slice(self.size.as_bytes());
        header[136..147].copy_from_slice(b"00000000001");
        header[156] = self.kind;
        header[157..157 + self.link.len()].copy_from_slice(self.link);
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut bytes = header.to_vec();
        bytes.extend_from_slice(self.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }
}

/// A file, a folder or anything else without a link.
pub fn member(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}", content.len());
    Raw { name: name.as_bytes(), kind, link: b"", size: &size, content }.bytes()
}

/// A link.
pub fn link(name: &str, kind: u8, target: &str) -> Vec<u8> {
    Raw { name: name.as_bytes(), kind, link: target.as_bytes(), size: "0", content: b"" }.bytes()
}

/// Records of an extended header.
pub fn records(pairs: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all = Vec::new();
    for (key, value) in pairs {
        let rest = key.len() + value.len() + 3;
        let length = (1..7).map(|digits| rest + digits).find(|sum| sum.to_string().len() + rest == *sum);
        all.extend_from_slice(format!("{} {key}=", length.expect("it has one")).as_bytes());
        all.extend_from_slice(value);
        all.push(b'\n');
    }
    all
}

/// An archive of these members, with its end.
pub fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}
