//! Closed sets of strings: one macro gives each the same conversions.

/// Declares an enum whose variants are wire strings: `as_str`, `from_wire`, `ALL`, and serde as that string.
macro_rules! wire_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident = $wire:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = concat!("`", $wire, "`")] $variant,)+
        }

        impl $name {
            /// Every value, in the order in which AWS's model lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The string that stands for this value on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// The value that `wire` stands for; exact, case-sensitive match.
            pub fn from_wire(wire: &str) -> Option<Self> {
                match wire { $($wire => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::wire::IntoJson for $name {
            fn into_json(self) -> serde_json::Value {
                serde_json::Value::String(self.as_str().to_owned())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let wire = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_wire(&wire).ok_or_else(|| {
                    serde::de::Error::custom(format_args!("{wire:?} is no {}", stringify!($name)))
                })
            }
        }
    };
}

/// Lets an enum be read from requests. The literal lists its values in AWS's order, which is not the model's.
macro_rules! read_enum {
    ($name:ident: $set:literal) => {
        impl $crate::wire::FromJson for $name {
            const SET: Option<&'static str> = Some(concat!("Member must satisfy enum value set: ", $set));

            fn from_json(
                json: serde_json::Value,
                at: &$crate::wire::Path<'_>,
                problems: &mut $crate::wire::Problems,
            ) -> Option<Self> {
                let text = $crate::wire::string(json, at, problems)?;
                $crate::wire::in_set(Self::from_wire(&text), &text, at, Self::SET, problems)
            }
        }

        impl $crate::wire::FromText for $name {
            fn from_text(text: &str, member: &str, problems: &mut $crate::wire::Problems) -> Option<Self> {
                let set = <Self as $crate::wire::FromJson>::SET;
                $crate::wire::in_set(Self::from_wire(text), text, &member, set, problems)
            }
        }
    };
}

pub(crate) use read_enum;
pub(crate) use wire_enum;
