"""Files a maker wrote -> passages.

Markdown (`.md`): each heading is one passage. Plain text (`.txt`): each paragraph. CSV: columns question, answer and, if
wished, language; several questions for one answer stand side by side, divided by "|". PDF: each paragraph.
The language is taken from the front matter (`language: zh`), from the file's name (`returns.zh.md`), else from the text.
Other ways to ask, never spoken, may stand in Markdown as `<!-- asked as: send it back | money back -->`.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tiangong.agent.protocol import Passage
from tiangong.core.errors import MediaError
from tiangong.core.language import language_of

TITLE_PATH: Final = " › "  # between a heading and the headings it stands under
LARGEST_FILE_BYTES: Final = 20_000_000
SHORTEST_PARAGRAPH_CHARS: Final = 20  # shorter ones in a PDF are page numbers and running heads
_LANGUAGE_SUFFIX: Final = re.compile(r"\.([a-z]{2}(?:-[A-Za-z]+)?)$")
_FRONT_MATTER: Final = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_ASKED_AS: Final = re.compile(r"<!--\s*asked as:(.*?)-->", re.DOTALL | re.IGNORECASE)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """A passage and the other ways in which people ask for it."""

    passage: Passage
    asked_as: tuple[str, ...] = ()


def load_folders(folders: Sequence[Path]) -> tuple[list[Entry], list[str]]:
    """Every readable file below `folders` in the order of their names, and one line for each that could not be read.

    Raises MediaError where a folder does not exist; a broken file is only a warning.
    """
    entries: list[Entry] = []
    warnings: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            raise MediaError(f"{folder}: no such folder of knowledge; make it, or take it out of the persona")
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _READERS and p.is_file()):
            try:
                entries += load_file(path)
            except MediaError as error:
                warnings.append(str(error))
    return entries, warnings


def load_file(path: Path) -> list[Entry]:
    """The passages of one file. Raises MediaError, in one line that names the file, where it cannot be used."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise MediaError(f"{path.name}: not a kind of file that can be read; use {', '.join(_READERS)}")
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise MediaError(f"{path.name}: larger than {LARGEST_FILE_BYTES // 1_000_000} MB; cut it into pieces")
        entries = list(reader(path))
    except OSError as error:
        raise MediaError(f"{path.name}: cannot be opened ({error.strerror})") from error
    if not entries:
        raise MediaError(f"{path.name}: holds no text to answer with")
    return entries


def askable(entries: Sequence[Entry], language: str) -> list[str]:
    """All that is written in `language`: titles, other ways to ask, answers. Its words are those that people will say."""
    texts: list[str] = []
    for entry in entries:
        if entry.passage.language == language:
            texts += [*entry.passage.title.split(TITLE_PATH), *entry.asked_as, entry.passage.text]
    return texts


def _text_of(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):  # tables saved by a Chinese Excel are GB 18030
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise MediaError(f"{path.name}: not a text file; save it as UTF-8")


def _language_in_name(path: Path) -> str | None:
    match = _LANGUAGE_SUFFIX.search(path.stem)
    return match.group(1).split("-")[0] if match else None


def _plain(markdown: str) -> str:
    """Markdown -> text that can be spoken."""
    text = _COMMENT.sub("", markdown)
    text = re.sub(r"```.*?```|~~~.*?~~~", "", text, flags=re.DOTALL)
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<https?://[^>]+>|</?[a-zA-Z][^>]*>", "", text)
    text = re.sub(r"^\s*\|?[\s:|-]+\|[\s:|-]*$", "", text, flags=re.MULTILINE)  # the rule under a table's head
    lines: list[str] = []
    for line in text.splitlines():
        bare = re.sub(r"^\s*(?:[-*+]\s+|\d+[.)]\s+|>\s?)", "", line)
        is_item = bare != line and not line.lstrip().startswith(">")
        bare = re.sub(r"\s*\|\s*", ", ", bare.strip().strip("|").strip())
        bare = re.sub(r"(\*\*|__|`)(.+?)\1|(?<!\w)[*_](.+?)[*_](?!\w)", lambda m: m.group(2) or m.group(3), bare)
        # An item of a list is a sentence of its own when it is heard.
        if is_item and bare and bare[-1] not in ".!?。！？；;:：,，":
            bare += "。" if language_of(bare) == "zh" else "."
        if bare:
            lines.append(bare)
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    text = ""
    for line in lines:
        tight = not text or (text[-1] >= "\u3000" and line[0] >= "\u3000")
        text += line if tight else f" {line}"
    return text


def _markdown(path: Path) -> Iterator[Entry]:
    text = _text_of(path)
    language = _language_in_name(path)
    if match := _FRONT_MATTER.match(text):
        language = _front_language(match.group(1), path) or language
        text = text[match.end() :]
    headings: list[tuple[int, str]] = []
    body: list[str] = []
    in_code = False
    for line in [*text.splitlines(), "# "]:
        in_code ^= line.lstrip().startswith(("```", "~~~"))
        heading = None if in_code else _HEADING.match(line)
        if heading is None and line != "# ":
            body.append(line)
            continue
        if entry := _section("\n".join(body), [title for _, title in headings], language, path):
            yield entry
        body = []
        if heading:
            level = len(heading.group(1))
            headings = [h for h in headings if h[0] < level] + [(level, _plain(heading.group(2)))]


def _front_language(front: str, path: Path) -> str | None:
    try:
        fields = yaml.safe_load(front)
    except yaml.YAMLError as error:
        raise MediaError(f"{path.name}: the lines between '---' are not YAML; correct or remove them") from error
    language = fields.get("language") if isinstance(fields, dict) else None
    return str(language).split("-")[0] if language else None


def _section(body: str, titles: list[str], language: str | None, path: Path) -> Entry | None:
    asked = [a.strip() for match in _ASKED_AS.findall(body) for a in match.split("|") if a.strip()]
    text = _plain(body)
    if not text:
        return None
    title = TITLE_PATH.join(titles) or path.stem.split(".")[0].replace("_", " ")
    return Entry(Passage(text, title, path.name, language or language_of(text)), tuple(asked))


def _paragraphs(path: Path, text: str) -> Iterator[Entry]:
    name = path.stem.removesuffix(f".{_language_in_name(path)}").replace("_", " ").replace("-", " ")
    for paragraph in re.split(r"\n\s*\n", text):
        joined = _joined([line.strip() for line in paragraph.splitlines() if line.strip()])
        if joined:
            yield Entry(Passage(joined, name, path.name, _language_in_name(path) or language_of(joined)))


def _plain_text(path: Path) -> Iterator[Entry]:
    yield from _paragraphs(path, _text_of(path))


def _csv(path: Path) -> Iterator[Entry]:
    rows = csv.DictReader(io.StringIO(_text_of(path)), strict=True)
    try:
        columns = [c.strip().lower() for c in rows.fieldnames or []]
        if not {"question", "answer"} <= set(columns):
            raise MediaError(
                f"{path.name}: needs the columns 'question' and 'answer', has {', '.join(columns) or 'none'}"
            )
        rows.fieldnames = columns
        for row in rows:
            questions = [q.strip() for q in (row["question"] or "").split("|") if q.strip()]
            answer = _plain(row["answer"] or "")
            if not questions or not answer:
                raise MediaError(f"{path.name}: line {rows.line_num} lacks its question or its answer")
            language = (
                (row.get("language") or "").strip().split("-")[0] or _language_in_name(path) or language_of(answer)
            )
            yield Entry(Passage(answer, questions[0], path.name, language), tuple(questions[1:]))
    except csv.Error as error:
        raise MediaError(f"{path.name}: line {rows.line_num} is not CSV ({error})") from error


def _pdf(path: Path) -> Iterator[Entry]:
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong is said by our own error
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise MediaError(f"{path.name}: locked with a password; save it without one")
        pages = [page.extract_text() for page in reader.pages]
    # pypdf lets plain Python errors through where the numbers in a file lead nowhere.
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise MediaError(f"{path.name}: not a PDF that can be read ({error})") from error
    for entry in _paragraphs(path, "\n\n".join(_with_gaps(page) for page in pages)):
        if len(entry.passage.text) >= SHORTEST_PARAGRAPH_CHARS:
            yield entry


def _with_gaps(page: str) -> str:
    """PDFs know lines, not paragraphs: a paragraph ends where a line that closes a sentence is clearly shorter than the rest."""
    lines = [line.strip() for line in page.splitlines()]
    longest = max((len(line) for line in lines), default=0)
    ended = [bool(re.search(r"[.!?。！？:：]$", line)) and len(line) < 0.8 * longest for line in lines]
    return "\n".join(line + "\n" * end for line, end in zip(lines, ended, strict=True))


_READERS: Final[dict[str, Callable[[Path], Iterator[Entry]]]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain_text,
    ".csv": _csv,
    ".pdf": _pdf,
}
