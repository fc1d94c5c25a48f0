//! Templates: the only file that knows Handlebars.
//!
//! A prompt is two messages. The first is fixed: how to answer, and the rules of the house
//! ([`crate::format`]); no template of a user can lose it, and it comes first so that
//! providers' caches hit. The second is rendered from `templates/fix.hbs` or a user's template,
//! which may use the partials beside it and the helper `block`: `{{block name text}}` or
//! `{{#block name}}…{{/block}}`.
//!
//! Handlebars takes unknown variables in `#if`, `#each` and arguments for empty ones, even in its
//! strict mode. So each template is compared with the [`Shape`] of its variables before it is
//! used, branches that are not taken included.

use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    Context as Data, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext,
    Renderable, Template as Compiled,
};
use lr_blocks::{Fence, write_block};
use lr_stage::{Error, Kind};
use lr_turn::{Message, Role};

use crate::context::{Context, SHAPE, Shape};
use crate::options::Template;

/// The name of the template that is used where none is named.
pub(crate) const DEFAULT: &str = "fix";

/// The templates that a name can mean.
pub(crate) const BUILT_IN: [(&str, &str); 1] = [(DEFAULT, include_str!("../templates/fix.hbs"))];

/// The pieces that any template can be made of.
const PARTIALS: [(&str, &str); 6] = [
    ("sources", include_str!("../templates/sources.hbs")),
    ("reading", include_str!("../templates/reading.hbs")),
    ("scripts", include_str!("../templates/scripts.hbs")),
    ("checkers", include_str!("../templates/checkers.hbs")),
    ("report", include_str!("../templates/report.hbs")),
    ("refusals", include_str!("../templates/refusals.hbs")),
];

/// The name under which the user message's template is registered; no partial can have it.
const MAIN: &str = " main";

/// Helpers that can be used besides `block`, `each` and `with`.
const HELPERS: [&str; 13] = [
    "if", "unless", "lookup", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len",
];

/// A template, ready for use.
pub(crate) struct Renderer {
    /// The name it goes by in turns.
    pub(crate) name: String,
    registry: Handlebars<'static>,
}

impl Renderer {
    /// Compiles a template and tests it.
    ///
    /// # Errors
    ///
    /// `template`, with line and column, for what is no template or names what there is not.
    pub(crate) fn new(template: &Template) -> Result<Self, Error> {
        let mut registry = Handlebars::new();
        registry.register_escape_fn(handlebars::no_escape);
        registry.set_prevent_indent(true);
        registry.set_strict_mode(true);
        registry
            .register_template_string(MAIN, &template.text)
            .map_err(|error| broken(&template.name, error.pos(), &first_line(error.reason())))?;
        let checked = registry.get_template(MAIN).map_or(Ok(()), |compiled| {
            Checker {
                scopes: vec![&SHAPE],
                names: vec![],
            }
            .template(compiled)
        });
        checked.map_err(|(place, what)| broken(&template.name, Some(place), &what))?;
        Ok(Self {
            name: template.name.clone(),
            registry,
        })
    }

    /// Renders the messages of a prompt: the fixed part, and the template with these markers around
    /// each block.
    ///
    /// # Errors
    ///
    /// `template` when the template cannot be rendered.
    pub(crate) fn messages(
        &mut self,
        system: String,
        context: &Context,
        fence: Fence,
    ) -> Result<Vec<Message>, Error> {
        self.registry
            .register_helper("block", Box::new(Block { fence }));
        for (name, text) in PARTIALS {
            self.compile_partial(name, if context.has(name) { text } else { "" })?;
        }
        let user = self.registry.render(MAIN, context).map_err(|error| {
            let place = error.line_no.zip(error.column_no);
            broken(&self.name, place, &first_line(error.reason()))
        })?;
        Ok(vec![
            Message::new(Role::System, system),
            Message::new(Role::User, user),
        ])
    }

    /// Compiles a partial when it is first needed, because that takes longer than rendering it.
    fn compile_partial(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let known = self.registry.get_template(name);
        if known.is_some_and(|known| text.is_empty() || !known.elements.is_empty()) {
            return Ok(());
        }
        self.registry
            .register_template_string(name, text)
            .map_err(|error| broken(name, error.pos(), &first_line(error.reason())))
    }
}

fn broken(name: &str, place: Option<(usize, usize)>, what: &str) -> Error {
    let place = match place {
        Some((line, column)) => format!(", line {line}, column {column}"),
        None => String::new(),
    };
    Error::new(
        Kind::Template,
        format!("cannot use template '{name}'{place}: {what}"),
    )
    .hint("see a template that works with lr-prompt --show-template")
}

/// What Handlebars says, in our style; a syntax error goes on with every rule of its grammar.
fn first_line(reason: &impl ToString) -> String {
    let reason = reason.to_string();
    let line = reason.lines().next().unwrap_or_default();
    let words = line.split(": expected ").next().unwrap_or(line);
    words.to_lowercase()
}

/// The helper that writes a block of the text contract.
struct Block {
    fence: Fence,
}

impl HelperDef for Block {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        data: &'rc Data,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let argument = |number| {
            helper
                .param(number)
                .and_then(|value| value.value().as_str())
        };
        let name = argument(0).unwrap_or_default();
        let mut block = String::new();
        if let Some(template) = helper.template() {
            let text = template.renders(registry, data, state)?;
            write_block(&mut block, name, &text, self.fence);
        } else {
            write_block(
                &mut block,
                name,
                argument(1).unwrap_or_default(),
                self.fence,
            );
            block.pop();
        }
        out.write(&block)?;
        Ok(())
    }
}

/// What is wrong with a template, and where.
type Complaint = ((usize, usize), String);

/// Compares a template with the variables there are.
struct Checker {
    /// What `this` is, outermost first.
    scopes: Vec<&'static Shape>,
    /// What `as |name|` named.
    names: Vec<(String, &'static Shape)>,
}

impl Checker {
    fn template(&mut self, template: &Compiled) -> Result<(), Complaint> {
        for (element, place) in template.elements.iter().zip(&template.mapping) {
            let checked = match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(()),
                TemplateElement::HtmlExpression(helper) | TemplateElement::Expression(helper) => {
                    self.expression(helper)
                }
                TemplateElement::HelperBlock(helper) => self.block(helper)?,
                TemplateElement::PartialExpression(partial) => self.partial(partial),
                _ => Err("inline partials and decorators are not supported".to_owned()),
            };
            checked.map_err(|what| ((place.0, place.1), what))?;
        }
        Ok(())
    }

    fn expression(&self, helper: &HelperTemplate) -> Result<(), String> {
        if helper.params.is_empty() && helper.hash.is_empty() {
            return match self.parameter(&helper.name)? {
                Shape::Text => Ok(()),
                _ => Err(format!("'{}' is not a text", word(&helper.name))),
            };
        }
        let name = word(&helper.name);
        if name != "block" && !HELPERS.contains(&name) {
            return Err(format!("no helper '{name}'"));
        }
        self.parameters(helper)
    }

    /// Checks a block and what is in it; what is wrong inside has a place of its own.
    fn block(&mut self, helper: &HelperTemplate) -> Result<Result<(), String>, Complaint> {
        let name = word(&helper.name);
        if !["block", "each", "with", "if", "unless"].contains(&name) {
            return Ok(Err(format!("no block helper '{name}'")));
        }
        if let Err(what) = self.parameters(helper) {
            return Ok(Err(what));
        }
        let subject = helper.params.first().map(|param| self.parameter(param));
        let (n_scopes, n_names) = (self.scopes.len(), self.names.len());
        match (name, subject) {
            ("each", Some(Ok(Shape::List(item)))) => self.enter(helper, item),
            ("with", Some(Ok(shape))) => self.enter(helper, shape),
            ("each" | "with", _) => return Ok(Err(format!("'#{name}' needs a list"))),
            _ => {}
        }
        if let Some(template) = &helper.template {
            self.template(template)?;
        }
        self.scopes.truncate(n_scopes);
        self.names.truncate(n_names);
        if let Some(template) = &helper.inverse {
            self.template(template)?;
        }
        Ok(Ok(()))
    }

    fn enter(&mut self, helper: &HelperTemplate, shape: &'static Shape) {
        use handlebars::template::BlockParam;
        let name = match &helper.block_param {
            Some(BlockParam::Single(name) | BlockParam::Pair((name, _))) => name.as_name(),
            _ => None,
        };
        match name {
            Some(name) => self.names.push((name.to_owned(), shape)),
            None => self.scopes.push(shape),
        }
    }

    fn partial(&self, partial: &DecoratorTemplate) -> Result<(), String> {
        let name = word(&partial.name);
        if !PARTIALS.iter().any(|(known, _)| *known == name) {
            return Err(format!("no partial '{name}'"));
        }
        if !partial.params.is_empty() || !partial.hash.is_empty() {
            return Err(format!("the partial '{name}' takes no arguments"));
        }
        if self.scopes.len() > 1 {
            return Err(format!("the partial '{name}' stands inside a list"));
        }
        Ok(())
    }

    fn parameters(&self, helper: &HelperTemplate) -> Result<(), String> {
        for parameter in helper.params.iter().chain(helper.hash.values()) {
            self.parameter(parameter)?;
        }
        Ok(())
    }

    fn parameter(&self, parameter: &Parameter) -> Result<&'static Shape, String> {
        match parameter {
            Parameter::Path(_) | Parameter::Name(_) => {
                let path = word(parameter);
                self.find(path)
                    .ok_or_else(|| format!("unknown variable '{path}'"))
            }
            Parameter::Subexpression(inner) => {
                if !HELPERS.contains(&inner.name()) {
                    return Err(format!("no helper '{}'", inner.name()));
                }
                for parameter in inner.params().into_iter().flatten() {
                    self.parameter(parameter)?;
                }
                Ok(&Shape::Text)
            }
            _ => Ok(&Shape::Text),
        }
    }

    /// Finds what a path such as `../script.text` names.
    fn find(&self, path: &str) -> Option<&'static Shape> {
        let mut steps = path
            .split(['.', '/'])
            .filter(|step| !step.is_empty())
            .peekable();
        let n_up = path.matches("..").count();
        let mut shape = *self.scopes.iter().rev().nth(n_up)?;
        if let Some(local) = path.rsplit('/').next()?.strip_prefix('@') {
            if !local.starts_with("root") {
                return matches!(local, "index" | "first" | "last" | "key").then_some(&Shape::Text);
            }
            shape = self.scopes.first()?;
            steps.next();
        } else if let Some((_, named)) = self
            .names
            .iter()
            .rev()
            .find(|(name, _)| Some(name.as_str()) == steps.peek().copied())
        {
            shape = named;
            steps.next();
        }
        for step in steps.filter(|step| *step != "this") {
            let Shape::Record(fields) = shape else {
                return None;
            };
            shape = fields
                .iter()
                .find(|(name, _)| *name == step)
                .map(|(_, shape)| shape)?;
        }
        Some(shape)
    }
}

fn word(parameter: &Parameter) -> &str {
    parameter.as_name().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renderer(text: &str) -> Result<Renderer, Error> {
        Renderer::new(&Template {
            name: "mine".to_owned(),
            text: text.to_owned(),
        })
    }

    fn check(template: &str, expected: &str) {
        let mut context = Context::default();
        "a < b && \"{{c}}\"\n".clone_into(&mut context.refusals);
        "do".clone_into(&mut context.instructions);
        let messages =
            renderer(template)
                .unwrap()
                .messages(String::new(), &context, Fence::default());
        assert_eq!(messages.unwrap()[1].content, expected);
    }

    fn refused(template: &str, expected: &str) {
        let error = renderer(template).err().unwrap();
        assert_eq!(error.kind, Kind::Template);
        assert_eq!(
            error.to_string(),
            format!("cannot use template 'mine', {expected}")
        );
    }

    #[test]
    fn values_are_written_as_they_are() {
        check("x {{refusals}} y", "x a < b && \"{{c}}\"\n y");
        check(
            "  {{block \"r\" refusals}}\n.",
            "  <<<< r <<<<\na < b && \"{{c}}\"\n>>>>>>>>\n.",
        );
    }

    #[test]
    fn a_block_can_be_written_around_other_things() {
        check(
            "{{#block \"\"}}\n{{#if report}}no{{else}}{{instructions}}{{/if}}\n{{/block}}\n.",
            "<<<<<<<<\ndo\n>>>>>>>>\n.",
        );
    }

    #[test]
    fn partials_keep_their_lines() {
        check(
            "{{> sources}}\n{{> refusals}}\n.",
            "Your last answer was not used\n<<<< reasons <<<<\na < b && \"{{c}}\"\n>>>>>>>>\n.",
        );
    }

    #[test]
    fn all_variables_of_lists_can_be_named() {
        check(
            "{{#each sources}}{{path}}{{../report}}{{@index}}{{this.text}}{{/each}}\
             {{#each scripts as |run|}}{{run.script.text}}{{/each}}\
             {{#if (eq instructions \"do\")}}{{@root.instructions}}{{/if}}",
            "do",
        );
    }

    #[test]
    fn an_unknown_variable_is_an_error_wherever_it_stands() {
        refused("a\n  {{nope}}", "line 2, column 3: unknown variable 'nope'");
        refused(
            "{{#if nope}}{{/if}}",
            "line 1, column 1: unknown variable 'nope'",
        );
        refused(
            "{{#each nope}}{{/each}}",
            "line 1, column 1: unknown variable 'nope'",
        );
        refused(
            "{{#each sources}}\n{{pth}}\n{{/each}}",
            "line 2, column 1: unknown variable 'pth'",
        );
        refused(
            "{{#if report}}{{else}}{{nope}}{{/if}}",
            "line 1, column 23: unknown variable 'nope'",
        );
        refused(
            "{{block \"x\" nope}}",
            "line 1, column 1: unknown variable 'nope'",
        );
        refused(
            "{{#if (eq nope 1)}}{{/if}}",
            "line 1, column 1: unknown variable 'nope'",
        );
        refused(
            "{{#each sources}}{{../nope}}{{/each}}",
            "line 1, column 18: unknown variable '../nope'",
        );
        refused("{{path}}", "line 1, column 1: unknown variable 'path'");
    }

    #[test]
    fn what_cannot_be_rendered_is_an_error() {
        refused("{{sources}}", "line 1, column 1: 'sources' is not a text");
        refused("{{json report}}", "line 1, column 1: no helper 'json'");
        refused(
            "{{#raw}}{{/raw}}",
            "line 1, column 1: no block helper 'raw'",
        );
        refused("\n{{> nope}}", "line 2, column 1: no partial 'nope'");
        refused(
            "{{#each sources}}{{> report}}{{/each}}",
            "line 1, column 18: the partial 'report' stands inside a list",
        );
        refused(
            "{{#each report}}{{/each}}",
            "line 1, column 1: '#each' needs a list",
        );
    }

    #[test]
    fn a_syntax_error_is_told_in_one_line() {
        refused(
            "x\n{{#if report}}",
            "line 2, column 15: invalid handlebars syntax",
        );
    }

    #[test]
    fn the_shape_lists_all_variables() {
        let (Shape::Record(fields), data) = (&SHAPE, handlebars::to_json(Context::default()))
        else {
            panic!("a record");
        };
        let mut listed: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        let known: Vec<_> = data.as_object().unwrap().keys().cloned().collect();
        assert_eq!(listed, known);
    }

    #[test]
    fn the_built_in_templates_pass() {
        for (name, text) in BUILT_IN.iter().chain(&PARTIALS) {
            assert!(renderer(text).is_ok(), "{name}");
        }
    }
}
