//! What is left of maintainer scripts.

use corten_archive::scripts::{residue, system_users};

const GENERATED: &str = r#"#!/bin/sh
# postinst script for ntpd-rs
set -e
case "$1" in
    configure)
        ;;
    abort-upgrade|abort-remove|abort-deconfigure)
    ;;
    *)
        echo "postinst called with unknown argument \`$1'" >&2
        exit 1
    ;;
esac

# Automatically added by dh_installsystemd/13.24.2
if [ "$1" = "configure" ]; then
	deb-systemd-helper unmask 'ntpd-rs.service' >/dev/null || true
fi
# End automatically added section
# Automatically added by dh_makeshlibs/13.24.2
ldconfig
# End automatically added section

exit 0
"#;

#[test]
fn generated_parts_and_the_template_leave_nothing() {
    let left = residue(GENERATED);
    assert_eq!(left.lines, [""; 0]);
    assert_eq!(left.helpers.iter().collect::<Vec<_>>(), ["dh_installsystemd", "dh_makeshlibs"]);
}

#[test]
fn what_a_script_does_itself_is_left() {
    let script =
        GENERATED.replace("    configure)\n", "    configure)\n        update-ca-certificates --fresh\n");
    let left = residue(&script).lines;
    assert!(left.contains(&"update-ca-certificates --fresh".to_owned()), "{left:?}");
    assert_eq!(residue("#!/bin/sh\nrm -f /etc/x\n").lines, ["rm -f /etc/x"]);
    assert_eq!(residue("if rm -f /etc/x; then\nfi\n").lines.len(), 2);
}

#[test]
fn an_end_without_a_start_hides_nothing() {
    let script = "# End automatically added section\nrm x\n# Automatically added by dh_x\nrm y\n";
    assert_eq!(residue(script).lines, ["rm x"]);
}

#[test]
fn users_are_found_in_scripts_and_sysusers() {
    let text = "adduser --quiet --system --group --home /var/lib/ntpd-rs \\\n  --gecos \"ntpd-rs Service\" ntpd-rs\n\
        # adduser --system commented\nadduser plain\n  useradd -r --shell /bin/false \\\n   web || true\n\
        addgroup --system kvm\nu! _chrony - \"x\" /var\ng render -\n";
    let names: Vec<String> = system_users(text).into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["_chrony", "kvm", "ntpd-rs", "render", "web"]);
}

proptest::proptest! {
    #[test]
    fn no_script_makes_the_analysis_panic(text in "\\PC{0,400}") {
        let _ = (residue(&text), system_users(&text));
    }
}
