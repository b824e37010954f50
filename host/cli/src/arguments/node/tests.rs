//! Command lines of `corten node` as a person types them.

use std::fmt::Write as _;

use clap::{CommandFactory as _, Parser as _};

use super::*;
use crate::arguments::{Arguments, Command};

/// The help of every command below `corten node`, as a person reads it.
#[test]
fn help_says_what_each_command_is_for() {
    let mut command = Arguments::command().name("corten").term_width(100);
    command.build();
    let node = command.find_subcommand_mut("node").expect("it is there");
    insta::assert_snapshot!("node", node.render_long_help().to_string());
    let mut told = String::new();
    tell(node, &mut told);
    insta::assert_snapshot!("below_node", told);
}

/// Without the options that all have in common, which stand in the help of `node` itself.
fn tell(command: &mut clap::Command, told: &mut String) {
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        let help = below.render_long_help().to_string();
        let own = help.split("Which nodes, and how answers are shown:").next().unwrap_or_default();
        let name = below.get_bin_name().unwrap_or_default();
        writeln!(told, "=== {name}\n{}", own.trim_end()).expect("a text takes everything");
        tell(below, told);
    }
}

fn parse(line: &str) -> Result<NodeArguments, String> {
    let words = ["corten", "node"].into_iter().chain(line.split_whitespace());
    match Arguments::try_parse_from(words) {
        Ok(Arguments { command: Command::Node(arguments) }) => Ok(arguments),
        Ok(_) => Err("another command".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn which_nodes_may_stand_before_and_after_the_command() {
    for line in ["-n a,b -o yaml info", "info -n a,b -o yaml", "-n a,b info -o yaml"] {
        let arguments = parse(line).expect(line);
        let Some(Wanted::Named(names)) = arguments.options.nodes else { panic!("{line}") };
        assert_eq!(names.len(), 2);
        assert_eq!(arguments.options.output, Output::Yaml);
    }
}

/// A flag of a subcommand with the name of a global one would have it read what is not its own.
#[test]
fn an_archive_has_a_place_whatever_the_form_of_answers() {
    let arguments = parse("support --output a.tar.gz -o json").expect("it is right");
    assert_eq!(arguments.options.output, Output::Json);
    let NodeCommand::Change(ChangeCommand::Support { output }) = arguments.command else { panic!("another") };
    assert_eq!(output, Some("a.tar.gz".into()));
    assert!(parse("support").is_ok());
}

#[test]
fn what_can_not_be_meant_is_refused_with_what_was_expected() {
    let pinned = "0a".repeat(32);
    let mut told = String::new();
    for line in [
        "-n a,,b info",
        "-o xml info",
        "logs --since yesterday",
        "health --timeout 5m",
        "health --wait --timeout -5m",
        "config apply node.toml --trial 5s",
        "config apply node.toml --trial 60s --when at-reboot",
        "reset",
        "reset --partition root",
        "add lab 192.0.2.4",
        "add all 192.0.2.4 --keys k",
        "add lab http://192.0.2.4 --keys k",
        "add lab 192.0.2.4 --fingerprint 12",
        &format!("add lab 192.0.2.4 --fingerprint {pinned} --authority a.pem"),
        &format!("add lab 192.0.2.4 --fingerprint {pinned} --key a.key"),
        "pair 192.0.2.4 --code ABCD --config node.toml",
        "exec web",
        "exec web ls",
        "exec -e =x web -- ls",
        "debug web -- sh",
        "cp web:/etc",
        "cp web:/a/../b .",
        "logs --workload",
        "image",
    ] {
        let error = parse(line).map(|arguments| format!("{:?}", arguments.command)).expect_err(line);
        writeln!(told, "{line}\n  {}", error.lines().next().unwrap_or_default())
            .expect("a text takes everything");
    }
    insta::assert_snapshot!(told.replace(&pinned, "0a.."));
}

#[test]
fn a_node_is_added_by_keys_by_fingerprint_or_by_authority() {
    let pinned = "0a".repeat(32);
    for line in [
        "add lab 192.0.2.4:7443 --keys k",
        "add lab 192.0.2.4 --authority a.pem --certificate c.pem --key c.key",
        &format!("add lab [2001:db8::4]:1 --fingerprint {pinned} --keys k"),
        &format!("add lab node.example --fingerprint {pinned}"),
    ] {
        assert!(matches!(parse(line).expect(line).command, NodeCommand::Known(KnownCommand::Add { .. })));
    }
}

#[test]
fn what_a_program_gets_stands_before_its_own_words() {
    let words = "exec -it -e A=1 --env B=2 -u 0:0 -w /srv web/app -- ls -l --node x";
    let NodeCommand::Containers(ContainersCommand::Exec(exec)) = parse(words).expect("it is right").command
    else {
        panic!("another")
    };
    let ProgramArguments { interactive, terminal, environment, user, workdir } = exec.program;
    assert!(interactive && terminal);
    assert_eq!(environment, ["A=1", "B=2"]);
    assert_eq!((user.as_deref(), workdir.as_deref()), (Some("0:0"), Some("/srv")));
    assert_eq!((exec.container.as_str(), exec.command.join(" ").as_str()), ("web/app", "ls -l --node x"));
    let NodeCommand::Containers(ContainersCommand::Debug(debug)) =
        parse("debug web --image tools:1 -t").expect("it is right").command
    else {
        panic!("another")
    };
    assert!(debug.command.is_empty() && debug.program.terminal && !debug.program.interactive);
}

#[test]
fn a_trial_is_a_way_to_apply_at_once() {
    let apply = |line: &str| match parse(line).expect(line).command {
        NodeCommand::Config(ConfigCommand::Apply { when, trial, .. }) => how(when, trial),
        other => panic!("{other:?}"),
    };
    assert_eq!(apply("config apply a.toml"), corten_client::config::Apply::Now);
    let minute = std::time::Duration::from_mins(1);
    assert_eq!(apply("config apply a.toml --trial 1m"), corten_client::config::Apply::Trial(minute));
    assert_eq!(apply("config apply a.toml --when at-reboot"), corten_client::config::Apply::AtReboot);
}
