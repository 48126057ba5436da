"""The only use of jinja2: template texts to unit texts, in its sandbox, every error with template and line."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import wraps

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qtctl.dialects.systemd.quoting import (
    write_env_line,
    write_environment_assignment,
    write_exec_line,
    write_exec_prefixed,
    write_file_pattern,
    write_path,
    write_path_list,
    write_value,
)
from qtctl.dialects.systemd.sysusers import write as sysusers_line
from qtctl.dialects.systemd.tmpfiles import write as tmpfiles_line
from qtctl.dialects.systemd.unit_name import strip_type
from qtctl.errors import BrokenTemplate, InputError, Place
from qtctl.render.filling import Filled, Filling
from qtctl.render.written import undouble, write_setting, write_units, write_working_directory

_IN_TEMPLATE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def fill(texts: Mapping[str, str], fillings: Sequence[Filling]) -> Iterator[Filled]:
    """Fill them one by one in this process: only for templates that ship with qtctl."""
    templates = Templates(texts)
    for filling in fillings:
        try:
            yield templates.fill(filling)
        except InputError as error:
            yield error


class Templates:
    """Template texts by file name, compiled once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._environments = {specifiers: self._make_environment(specifiers=specifiers) for specifiers in (False, True)}

    def _make_environment(self, *, specifiers: bool) -> ImmutableSandboxedEnvironment:
        environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._load),
            undefined=StrictUndefined,
            autoescape=False,  # unit files are not HTML: the filters quote
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: dict[str, Callable[..., object]] = {
            "assignment": _write_assignment,
            "env_line": _write_env_line,
            "exec_line": write_exec_line,
            "exec_prefixed": write_exec_prefixed,
            "file_pattern": write_file_pattern,
            "path": write_path,
            "path_list": write_path_list,
            "setting": write_setting,
            "stem": strip_type,
            "sysusers_line": sysusers_line,
            "tmpfiles_line": tmpfiles_line,
            "units": write_units,
            "value": write_value,
            "working_directory": write_working_directory,
        }
        checked = {name: _check_given(name, filter_) for name, filter_ in filters.items()}
        environment.filters.update({n: _write_undoubled(f) for n, f in checked.items()} if specifiers else checked)
        return environment

    def fill(self, filling: Filling) -> str:
        """The filled text. BrokenTemplate with its line, or InputError for a value that was declared."""
        name, values = filling.template, filling.values
        try:
            return self._environments[filling.specifiers].get_template(name).render(values)
        except TemplateNotFound as error:
            if name not in self._texts:
                raise BrokenTemplate("there is no such template", hint="add the file", place=Place(name)) from error
            what = f"there is no template {error.message}"
            raise BrokenTemplate(what, hint="add the file", place=self.place(error, name)) from error
        except TemplateSyntaxError as error:
            place = Place(error.name or name, error.lineno)
            raise BrokenTemplate(str(error.message), hint="fix the syntax", place=place) from error
        except _NotTaken as error:
            if any(_contains_value(value, error.given) for value in values.values()):
                raise InputError(error.what, hint=error.hint, field=error.field) from error
            place = self.place(error, name)
            raise BrokenTemplate(error.what, hint=error.hint, place=place) from error
        except (TemplateError, *_IN_TEMPLATE) as error:
            what = str(error).replace("qtctl.model.desired.", "").replace(" object'", "'")
            raise BrokenTemplate(what, place=self.place(error, name)) from error

    def _load(self, name: str) -> tuple[str, str, None] | None:
        # With the name as file name, a traceback says where in the template it broke.
        return (self._texts[name], name, None) if name in self._texts else None

    def place(self, error: BaseException, name: str) -> Place:
        """The line of a template at which `name` raised `error`."""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in self._texts]
        return Place(frames[-1].filename, frames[-1].lineno) if frames else Place(name)


class _NotTaken(InputError):
    """A filter rejected `given`: an error of the registry if the value was declared, else of the template."""

    def __init__(self, error: InputError, given: object) -> None:
        super().__init__(error.what, hint=error.hint, field=error.field)
        self.given = given


def _contains_value(value: object, given: object) -> bool:
    """Whether `given` is `value` or part of it."""
    if value is given or (type(value) is type(given) and value == given):
        return True
    inner: Iterable[object] = ()
    if is_dataclass(value):
        inner = (getattr(value, field.name) for field in fields(value))
    elif isinstance(value, tuple):
        inner = value
    return any(_contains_value(each, given) for each in inner)


def _check_given(name: str, filter_: Callable[..., object]) -> Callable[..., object]:
    """The filter, with an error that says which undefined name it was given (jinja2 passes it on), or which kind."""

    @wraps(filter_)
    def checked(given: object, *more: object) -> object:
        try:
            return filter_(str(given) if isinstance(given, Undefined) else given, *more)
        except InputError as error:
            raise _NotTaken(error, given) from error
        except (AttributeError, TypeError) as error:
            raise TypeError(f"the filter {name} does not accept a {type(given).__name__}: {error}") from error

    return checked


def _write_undoubled(filter_: Callable[..., object]) -> Callable[..., object]:
    """The filter, but with each `%` written once instead of doubled."""

    @wraps(filter_)
    def written(given: object, *more: object) -> object:
        found = filter_(given, *more)
        return undouble(found, given) if isinstance(found, str) else found

    return written


def _write_assignment(text: str, name: str) -> str:
    return write_environment_assignment(name, text)


def _write_env_line(text: str, name: str) -> str:
    return write_env_line(name, text)
