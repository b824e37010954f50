//! `corten oci` as its users see it: what it prints, with which code it ends, and that the same input gives the same
//! bytes.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(tempfile::TempDir);

impl Folder {
    /// With a program, a site and a link in it.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        std::fs::create_dir(folder.path("site")).expect("a folder");
        for (name, content) in
            [("server", "#!program"), ("site/index.html", "<h1>hello</h1>"), ("more", "more")]
        {
            std::fs::write(folder.path(name), content).expect("a file");
        }
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o750);
        std::fs::set_permissions(folder.path("server"), mode).expect("a mode");
        std::os::unix::fs::symlink("index.html", folder.path("site/home")).expect("a link");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corten"));
        command.current_dir(self.0.path()).arg("oci").args(words.split_whitespace());
        command.output().expect("it starts")
    }

    /// Standard output of what must not fail.
    fn done(&self, words: &str) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words}: {output:?}");
        assert!(output.stderr.is_empty(), "{words}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Code and standard error of what must fail.
    fn failed(&self, words: &str) -> String {
        let output = self.run(words);
        assert!(output.stdout.is_empty(), "{words}: {output:?}");
        let code = output.status.code().unwrap_or_default();
        assert_ne!(code, 0, "{words}");
        format!("$ {words}\n{code}: {}", String::from_utf8_lossy(&output.stderr))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// An image with everything, in web.tar.
    fn pack(&self) -> String {
        self.done(&format!("{PACK} -o web.tar"))
    }
}

const PACK: &str = "pack --add server:/usr/bin/ --add site:/srv/www --entrypoint /usr/bin/server --command -v --command \
                    --root=/srv/www --env A=b=c --user 33:33 --workdir /srv --expose 80 --expose 53/udp --volume /data \
                    --stop-signal SIGQUIT --label org.example=x --tag r.example/web:1 --time 1796000000";

/// Names below a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn files_become_an_image_that_is_shown() {
    let folder = Folder::new();
    insta::assert_snapshot!("packed", folder.pack());
    insta::assert_snapshot!("screen", folder.done("inspect web.tar"));
    insta::assert_snapshot!("json", folder.done("inspect web.tar r.example/web:1 -o json"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new();
    folder.pack();
    let first = folder.bytes("web.tar");
    // Times, and permissions of those who are not meant, do not count.
    std::fs::write(folder.path("site/index.html"), "<h1>hello</h1>").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.path("site/index.html"), mode).expect("a mode");
    folder.pack();
    assert_eq!(folder.bytes("web.tar"), first);
    std::fs::write(folder.path("site/index.html"), "<h1>HELLO</h1>").expect("a file");
    folder.pack();
    assert_ne!(folder.bytes("web.tar"), first);
}

#[test]
fn an_image_is_copied_through_all_forms() {
    let folder = Folder::new();
    folder.pack();
    let line = folder.done("copy web.tar layout");
    assert_eq!(line, folder.done("copy oci:layout:r.example/web:1 oci-archive:back"));
    assert_eq!(line, folder.done("copy oci:layout oci-archive:again"));
    assert_eq!(folder.bytes("back"), folder.bytes("again"));
    folder.done("copy layout docker-archive:docker.tar");
    folder.done("copy docker.tar docker-archive:docker2.tar");
    assert_eq!(folder.bytes("docker.tar"), folder.bytes("docker2.tar"));
    insta::assert_snapshot!("from_docker", folder.done("inspect docker.tar"));

    // By digest, under another name, and all that there are.
    let digest = line.split_whitespace().next().expect("a digest");
    folder.done(&format!("copy layout:{digest} layout --tag r.example/web:2"));
    folder.done("copy layout:r.example/web:2 other:3");
    folder.done("copy layout all.tar --all");
    insta::assert_snapshot!("list", folder.done("inspect all.tar"));
    assert_eq!(
        folder.done("inspect other"),
        folder.done("inspect layout r.example/web:2").replace("r.example/web:2", "3")
    );
    assert_eq!(
        names(folder.0.path()),
        [
            "again",
            "all.tar",
            "back",
            "docker.tar",
            "docker2.tar",
            "layout",
            "more",
            "other",
            "server",
            "site",
            "web.tar"
        ],
        "nothing else is left"
    );
}

#[test]
fn an_image_is_built_on_another_one() {
    let folder = Folder::new();
    folder.pack();
    let words = "pack --base web.tar --add more:/srv/www/more:600 --env A=other --env B=1 --entrypoint /bin/x --compression \
                 zstd --owner 33:33 -o more.tar --json";
    let packed: serde_json::Value = serde_json::from_str(&folder.done(words)).expect("JSON");
    assert_eq!(
        (&packed["layers"], &packed["files"], &packed["name"]),
        (&2.into(), &1.into(), &serde_json::Value::Null)
    );
    insta::assert_snapshot!("on_another", folder.done("inspect more.tar"));
    // Other words alone need no layer.
    folder.done("pack --base oci-archive:web.tar:r.example/web:1 --command --quiet --tag r.example/web:2 -o quiet.tar");
    insta::assert_snapshot!("other_words", folder.done("inspect quiet.tar"));
}

#[test]
fn what_goes_wrong_is_told_with_its_code() {
    let folder = Folder::new();
    folder.pack();
    folder.done("copy web.tar layout");
    folder.done("pack --base web.tar --command x --tag r.example/web:2 -o two.tar");
    folder.done("copy two.tar layout");
    std::fs::create_dir(folder.path("full")).expect("a folder");
    std::fs::write(folder.path("full/mine"), "x").expect("a file");
    let mut changed = folder.bytes("web.tar");
    let at = changed.windows(3).position(|bytes| bytes == [0x1f, 0x8b, 8]).expect("a layer") + 30;
    changed[at] ^= 1;
    std::fs::write(folder.path("changed.tar"), changed).expect("a file");
    let cut = folder.bytes("web.tar");
    std::fs::write(folder.path("cut.tar"), &cut[..cut.len() / 2]).expect("a file");
    let told: Vec<_> = [
        "inspect nothing.tar",
        "inspect server",
        "inspect full",
        "inspect layout r.example/web:3",
        "inspect layout:a b",
        "inspect docker-archive:web.tar",
        "copy layout x.tar",
        "copy layout:nothing x.tar",
        "copy changed.tar x.tar",
        "copy changed.tar x",
        "copy changed.tar docker-archive:x.tar",
        "copy web.tar full",
        "copy web.tar docker-archive:x.tar:NoName",
        "copy web.tar docker-archive:x.tar:noname",
        "copy web.tar docker-archive:x.tar --all-platforms",
        "copy web.tar x.tar --platform linux/arm64",
        "copy layout x.tar:1 --all",
        "copy web.tar x.tar:1 --tag 2",
        "copy web.tar nowhere/x.tar",
        "copy docker://r.example/web:1 x.tar",
        "copy web.tar docker://r.example/web:1",
        "copy web.tar docker:web",
        "copy web.tar r.example/web:1",
        "copy web.tar localhost:5000/web:1",
        "copy web.tar server",
        "copy web.tar x.tar --tag NoName",
        "pack --entrypoint /x -o x.tar",
        "pack --add more:/x",
        "pack --add nothing:/x -o x.tar",
        "pack --add /dev/null:/x -o x.tar",
        "pack --add more:/x --add server:/x -o x.tar",
        "pack --add more:/x -o nowhere/x.tar",
        "pack --base changed.tar --add more:/x -o x.tar",
    ]
    .iter()
    .map(|words| folder.failed(words))
    .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert!(folder.failed("copy cut.tar x.tar").contains("\n5: error: cut.tar: "));
    assert!(!folder.path("x.tar").exists() && !folder.path("x").exists());
}

#[test]
fn what_an_image_says_does_not_move_the_cursor() {
    let folder = Folder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_corten"));
    command.current_dir(folder.0.path()).args(["oci", "pack", "--add", "more:/x", "-o", "x.tar"]);
    command.args(["--label", "a=\u{1b}[31mred", "--env", "B=\u{202e}x", "--entrypoint", "a\r\nb"]);
    assert!(command.status().expect("it starts").success());
    let shown = folder.done("inspect x.tar");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\r']), "{shown:?}");
}
