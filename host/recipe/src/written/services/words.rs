//! The keys of a service that take one of a few words.

use std::str::FromStr;

use schemars::JsonSchema;

use crate::types::BadValue;

/// Makes an enum of two or three words as recipes write them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
        pub enum $name {
            $($(#[$of])* #[schemars(rename = $word)] $variant,)+
        }

        impl FromStr for $name {
            type Err = BadValue;

            fn from_str(text: &str) -> Result<Self, BadValue> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(BadValue::not_among(text, &[$($word),+])),
                }
            }
        }
    };
}

words! {
    /// When a service is started.
    Start {
        /// With the node.
        Boot = "boot",
        /// When a program asks for it.
        OnRequest = "on-request",
    }
}

words! {
    /// How init learns that a service is ready.
    ReadyBy {
        /// By a program.
        Check = "check",
        /// From itself.
        Notice = "notice",
    }
}

words! {
    /// What a service may ask init for.
    Requests {
        /// Nothing.
        Nothing = "nothing",
        /// As root may.
        Everything = "everything",
    }
}

words! {
    /// Whether a service runs on a node without state.
    Maintenance {
        /// It does not.
        Stopped = "stopped",
        /// It does.
        Runs = "runs",
    }
}

words! {
    /// Whether a service that ended by itself is started again.
    Restart {
        /// However it ended.
        Always = "always",
        /// Unless it ended with exit code 0.
        OnFailure = "on-failure",
        /// Never.
        Never = "never",
    }
}

words! {
    /// Whether a service may gain rights.
    NewPrivileges {
        /// It may not, nor may anything that it starts.
        Never = "never",
        /// As the executed file says, setuid for example. For what runs containers.
        ByFile = "by-file",
    }
}

words! {
    /// What a stop of a service ends.
    Kill {
        /// The main process alone.
        Process = "process",
        /// Everything in the control group of the service.
        Group = "group",
    }
}
