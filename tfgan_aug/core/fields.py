"""Fields of configs: typed, each with a comment and a check. Makes no file.

A config is a dataclass that inherits `Section`; its fields are made by `field`, or are sections themselves. It changes
by attribute until it is checked. A tuple may be given as comma-separated text, so that the command line and config
files write it in the same way.
"""

import dataclasses
import difflib
import functools
import math
import numbers
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

# Sections take the checks of their fields from here.
from tfgan_aug.core.checks import (  # noqa: F401
    Check,
    amounts,
    at_least,
    at_least_zero,
    between_0_and_1,
    positive,
    seed,
    seeds,
    share,
    up_to_1,
)
from tfgan_aug.core.errors import UserError

# Characters of a value in an error: a list may have thousands.
_SHOWN = 200


def field(
    default: Any, comment: str, check: Check | None = None, *, changes_result: bool = True, late: bool = False
) -> Any:
    """Returns a field of a `Section`; --help prints `comment`. Numbers without a `check` are 0 or more, up to `MOST`.

    `changes_result=False`: whatever the value, the results are the same, so the digests are, too. `late=True`: a field
    that earlier results do not know, whose default is what they did; at its default it is in no digest.
    """
    about = {"comment": comment, "check": check, "changes_result": changes_result, "late": late}
    return dataclasses.field(default=default, metadata=about)


def with_default(kind: type, name: str, default: Any) -> Any:
    """Returns the field `name` of the section class `kind`, for a subclass, with another default."""
    own = next(field for field in dataclasses.fields(kind) if field.name == name)
    return dataclasses.field(default=default, metadata=own.metadata)


def section(kind: type, *, late: bool = False) -> Any:
    """Returns a field that is a section itself, with the defaults of the class `kind`.

    `late=True`: one that earlier results do not know, such as that of a newer GAN; at its defaults it is in no digest
    of the config above it.
    """
    return dataclasses.field(default_factory=kind, metadata={"late": late})


class UnknownField(AttributeError):
    """An attribute was set that is no field: `kind` is the class of the section, `name` the attribute."""

    def __init__(self, kind: type, name: str) -> None:
        super().__init__(f"{kind.__name__} has no field {name!r}{nearest(name, _types(kind))}")
        self.kind, self.name = kind, name


@dataclasses.dataclass
class Section:
    """A config, or a part of one. Setting an attribute converts the value; one that is no field is refused."""

    # Not annotated, so it is no field.
    _checked = False

    def __setattr__(self, name: str, value: Any) -> None:
        known = _types(type(self))
        if name not in known:
            raise UnknownField(type(self), name)
        if self._checked:
            raise dataclasses.FrozenInstanceError(
                f"{name}: a config no longer changes once it is checked; fields.replaced returns a changed copy"
            )
        try:
            object.__setattr__(self, name, known[name].converted(value))
        except TypeError:
            expected = known[name].name
            raise TypeError(f"Could not override field {name!r}: found {shown(value)}, expected {expected}") from None

    def together(self) -> str:
        """Returns what is wrong with the fields taken together, as "found ..., expected ...", or an empty text."""
        return ""


SectionT = TypeVar("SectionT", bound=Section)


@dataclasses.dataclass(frozen=True)
class _Type:
    """A type hint: `base` (bool, int, float, str or a section), a `Literal`'s values, whether a tuple, whether None."""

    base: type
    choices: tuple = ()
    many: bool = False
    optional: bool = False

    @classmethod
    def of(cls, hint: Any) -> "_Type":
        optional = isinstance(hint, types.UnionType)
        if optional:
            (hint,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
        many = typing.get_origin(hint) is tuple
        hint = typing.get_args(hint)[0] if many else hint
        choices = typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
        return cls(type(choices[0]) if choices else hint, choices, many, optional)

    @property
    def name(self) -> str:
        """The type in a few words."""
        if self.base is bool:
            return "true or false"
        return f"a tuple of {self.base.__name__}" if self.many else self.base.__name__

    @property
    def expected(self) -> str:
        """The words for the values that are possible."""
        names = ", ".join(map(str, self.choices))
        if self.choices and self.base is int:
            return " or ".join(names.rsplit(", ", 1))
        if self.choices:
            return f"{'some' if self.many else 'one'} of {names}"
        return "a finite number" if self.base is float and not self.many else f"{self.name}s"

    def converted(self, value: Any) -> Any:
        """Returns `value` as this type; raises `TypeError`.

        Text that is no tuple of this type stays text: `check` says then what is expected.
        """
        if value is None and self.optional:
            return None
        if not self.many:
            return self._one(value)
        if isinstance(value, str):
            try:
                return tuple(self.base(word) for word in words(value))
            except ValueError:
                return value
        return tuple(self._one(item) for item in value)

    def _one(self, value: Any) -> Any:
        abstract: Any = {int: numbers.Integral, float: numbers.Real}.get(self.base, self.base)
        if not isinstance(value, abstract) or isinstance(value, bool) is not (self.base is bool):
            raise TypeError(value)
        try:
            return self.base(value) if self.base in (int, float) else value
        except OverflowError:
            return math.inf

    @property
    def check(self) -> Check | None:
        """The check of numbers that have none of their own; None where values are no numbers."""
        number = self.base in (int, float) and not self.choices
        return (amounts if self.many else at_least_zero) if number else None

    def of_text(self, text: str) -> Any:
        """Returns the value that `text` of the command line stands for; raises `ValueError`."""
        if self.optional and text == "None":
            return None
        if self.base is bool:
            if text.lower() not in ("true", "false"):
                raise ValueError(text)
            return text.lower() == "true"
        return self.converted(text) if self.many else self.base(text)

    def good(self, value: Any) -> bool:
        """Whether a converted value is one of those that are possible."""
        if value is None:
            return self.optional
        if self.many and not isinstance(value, tuple):
            return False
        items = value if self.many else (value,)
        if not all(isinstance(item, self.base) for item in items):
            return False
        if self.choices:
            return set(items) <= set(self.choices)
        return self.base is not float or all(map(math.isfinite, items))


def _types(kind: Any) -> Mapping[str, _Type]:
    """{name: type} of the fields of a section class."""
    return _read_types(kind)


@functools.cache
def _read_types(kind):
    hints = typing.get_type_hints(kind)
    return {field.name: _Type.of(hints[field.name]) for field in dataclasses.fields(kind)}


def words(value: str | Sequence[str]) -> tuple[str, ...]:
    """Returns the words of a comma-separated text, or those that are given."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else tuple(value)


def text(value: Any) -> Any:
    """Returns a tuple as comma-separated text, and anything else as it is."""
    return ",".join(str(item).removesuffix(".0") for item in value) if isinstance(value, tuple) else value


def shown(value: Any) -> str:
    """Returns a value as an error names it: its repr, shortened, or its type where it has none."""
    try:
        found = type(value).__name__ if isinstance(value, Section) else repr(value)
    except Exception:  # whatever the class of the value makes of it
        found = type(value).__name__
    return found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."


def nearest(name: str, known: Any) -> str:
    """Returns "; did you mean ...?" with the one of `known` that is most like `name`, or nothing."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}?" if close else ""


def sections(config: Section, prefix: str = "") -> Iterator[tuple[str, Section]]:
    """Yields ("", the config), then each of its sections with its dotted name."""
    yield prefix, config
    for name in _types(type(config)):
        value = getattr(config, name)
        if isinstance(value, Section):
            yield from sections(value, f"{prefix}.{name}" if prefix else name)


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A field that is no section: its dotted `name`, its `value` and its type, and what `field` was told.

    `changes_result` is False for a late field at its default, too, and in a late section at its defaults.
    """

    name: str
    value: Any
    kind: _Type
    comment: str
    changes_result: bool


def leaves(config: Section) -> Iterator[Leaf]:
    """Yields the fields that are no sections, section by section."""
    yield from _leaves(config, "", True)


def _leaves(config, prefix, counts):
    """The leaves of a section; without `counts` none of them changes a result."""
    below = []
    for own in dataclasses.fields(config):
        value, kind, name = getattr(config, own.name), _types(type(config))[own.name], f"{prefix}{own.name}"
        own_counts = counts and not _unchanged_late(own, value)
        if isinstance(value, Section):
            below.append(_leaves(value, f"{name}.", own_counts))
        else:
            yield Leaf(name, value, kind, own.metadata["comment"], own_counts and own.metadata["changes_result"])
    for leaves_below in below:
        yield from leaves_below


def _unchanged_late(own, value):
    default = own.default_factory() if isinstance(value, Section) else own.default
    return own.metadata["late"] and value == default


def get(config: Section, name: str) -> Any:
    """Returns the value of the field with the dotted `name`."""
    return functools.reduce(getattr, name.split("."), config)


def options_of(kind: type, config: Section) -> dict[str, Any]:
    """Returns {name: value} of those fields of `config` that the class `kind` has."""
    return {name: getattr(config, name) for name in _types(kind)}


def replaced(config: SectionT, changes: Mapping[str, Any]) -> SectionT:
    """Returns a copy, not checked yet, with `changes`: {dotted name: value}."""
    own = options_of(type(config), config)
    made = type(config)(**{name: replaced(v, {}) if isinstance(v, Section) else v for name, v in own.items()})
    for name, value in changes.items():
        prefix, _, last = name.rpartition(".")
        setattr(get(made, prefix) if prefix else made, last, value)
    return made


def set_text(config: Section, name: str, value: str) -> None:
    """Sets the field with the dotted `name` to what `value` of the command line stands for; raises `UserError`."""
    prefix, _, last = name.rpartition(".")
    part = get(config, prefix) if prefix else config
    kind = _types(type(part))[last]
    try:
        setattr(part, last, kind.of_text(value))
    except ValueError:
        raise UserError(f"--config.{name}: found {value!r}, expected {kind.name}") from None


def to_dict(config: Section) -> dict[str, Any]:
    """Returns nested dictionaries for JSON; tuples are comma-separated text."""
    own = options_of(type(config), config)
    return {name: to_dict(value) if isinstance(value, Section) else text(value) for name, value in own.items()}


def digest_form(config: Section) -> dict[str, Any]:
    """Returns what enters a digest: as `to_dict`, but with defaults for fields that change no result.

    Late fields and sections are left out at their defaults.
    """
    made = to_dict(config)
    for own in dataclasses.fields(config):
        value = getattr(config, own.name)
        if _unchanged_late(own, value):
            del made[own.name]
        elif isinstance(value, Section):
            made[own.name] = digest_form(value)
        elif not own.metadata["changes_result"]:
            made[own.name] = own.default
    return made


def problems(config: Section, prefix: str = "") -> Iterator[str]:
    """Yields a line "<prefix><field>: found ..., expected ..." for each value that nothing can work with."""
    for own in dataclasses.fields(config):
        value, kind = getattr(config, own.name), _types(type(config))[own.name]
        if isinstance(value, Section):
            yield from problems(value, f"{prefix}{own.name}.")
            continue
        check = own.metadata["check"] or kind.check
        if not kind.good(value) or not (check is None or value is None or check.good(value)):
            expected = f"{check.expected}{check.hint(value)}" if check else kind.expected
            yield f"{prefix}{own.name}: found {_found(value)}, expected {expected}"
        elif check and kind.check and value is not None and max(value if kind.many else (value,)) > check.most:
            yield f"{prefix}{own.name}: found {_found(value)}, expected at most {check.most:,}"
        elif value is not None and not all(map(_is_text, value if kind.many else (value,))):
            yield f"{prefix}{own.name}: found {_found(value)}, expected text in UTF-8"
    if found := config.together():
        yield f"{prefix.removesuffix('.')}: {found}"


def _found(value):
    """Returns a field's value as an error names it."""
    try:
        return shown(text(value))
    except ValueError:  # Numbers of thousands of digits.
        return shown(value)


def _is_text(value):
    """Whether a value is no text that only this process understands, such as the name of a file that is not UTF-8."""
    return not isinstance(value, str) or value.isascii() or value.encode(errors="replace").decode() == value


def check(config: Section) -> None:
    """Raises `UserError` for a value that no stage can work with; from then on the config no longer changes."""
    for line in problems(config, "--config."):
        raise UserError(line)
    _freeze(config)


def _freeze(config):
    for _, part in sections(config):
        object.__setattr__(part, "_checked", True)


def made(kind: type[SectionT], options: Mapping[str, Any]) -> SectionT:
    """Returns the section of class `kind` with these options, for a model; raises `ValueError`, naming the option."""
    for name in options:
        if name not in _types(kind):
            raise ValueError(f"{name}: no such option{nearest(name, _types(kind))}")
    config = kind(**options)
    for line in problems(config):
        raise ValueError(line)
    _freeze(config)
    return config


def parse_seeds(option: str, given: str) -> tuple[int, ...]:
    """Returns the seeds of a comma-separated text; raises `UserError`, naming `option`."""
    found = _Type(int, many=True).converted(given)
    if isinstance(found, str) or not seeds.good(found):
        raise UserError(f"{option}: found {given!r}, expected {seeds.expected}")
    return found
