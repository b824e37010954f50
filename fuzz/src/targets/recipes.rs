//! What people write.

use corten_recipe::{Merged, types};

/// A loader that knows one recipe, which may name itself and nothing else.
struct One<'a>(&'a [u8]);

pub fn recipe(data: &[u8]) {
    if let Ok(merged) = Merged::load("./recipe.toml", &One(data)) {
        let _ = merged.to_toml();
        let _ = merged.plan();
    }
    let text = String::from_utf8_lossy(data);
    let _ = text.parse::<types::Size>();
    let _ = text.parse::<types::DataPattern>();
    let _ = text.parse::<types::ModulePattern>();
}

pub fn recipe_seeds() -> Vec<Vec<u8>> {
    let builtin =
        corten_recipe::builtin_names().filter_map(|known| corten_recipe::builtin_recipe(known.name));
    builtin.map(|text| text.as_bytes().to_vec()).collect()
}

impl corten_recipe::Loader for One<'_> {
    fn load(
        &self,
        reference: &str,
        _: Option<&corten_recipe::Location>,
    ) -> Result<corten_recipe::Source, corten_recipe::LoadError> {
        let location = corten_recipe::Location::Path("recipe.toml".into());
        if reference != "./recipe.toml" {
            return Err(corten_recipe::LoadError::NotFound(location));
        }
        match std::str::from_utf8(self.0) {
            Ok(text) => Ok(corten_recipe::Source::new(location, text)),
            Err(_) => Err(corten_recipe::LoadError::NotText(location)),
        }
    }

    fn read(
        &self,
        _: &str,
        from: &corten_recipe::Location,
    ) -> Result<corten_recipe::Fetched, corten_recipe::LoadError> {
        Err(corten_recipe::LoadError::NotFound(from.clone()))
    }

    fn locate(&self, path: &str, _: &corten_recipe::Location) -> corten_recipe::Location {
        corten_recipe::Location::Path(path.into())
    }
}
