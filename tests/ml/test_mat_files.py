"""MATLAB's files: a table that scipy has written is read as scipy was given it."""

import base64
import zlib
from contextlib import suppress

import pytest

from app.ml.mat_files import HEADER, read_table

# scipy 1.17.1: savemat(..., {"synsets": rows as below}, do_compression=True)
META = base64.b85decode(
    r"O+i#lK|&xkE-)ZXK~ybfX>4U6P;6mzW^ZzBIv{Xwb7^=iAVYFxVRU6=Aa8CuAXI2|AWm;~ATl-}F)=zcI65&gATl"
    r"sAHUIzs00000000000000000000000000000000000000000000000000000000000000Bu&4*&oFWdQ&Hc%0*7U"
    r"|?9l!N9-<q=6Iz69WXWLisE}%m~HoKwMmzSDac>43uYK5QK_%0I{b}a9EJDk%6I6yr&DufN(zu4F~1<MJdI|0_i#"
    r"V#V7)KrMdCR8JRgLMX7mU0Td3*jJ(v6_>9!d^o$aymXe~x%)I!_+{E<MVg^2-palcMKWu3JVMM|pzzG$HfDiT{{R"
    r"T+-S+MA5M$#_;<mDL{f$eo5ppOehAB3NjQ<|z!l98F04iQIpKQ?pN(aZty6BQuANtyp4_8Sn;&w!>Mo4d)emwf#K"
    r"4iwt&Kwi8X6BX~=45;x1;-?oS78mO%<Rq5o!TnFjenu2?7#S)k4!4mS-yCGdw;@sala&EAzCrw?qRixMEdC}&KPZ"
    r"2v7aiVqcz)_=e3PT!qo2(9HXtg#*cedb3&c;&E6FUWBrjiAQXF28^zA`FKQo$s3Ap|b_E3fcvU!x&tCXZ40II@JV"
    r"g"
)
ROWS = (
    (1, "n02", "blue thing", "a gloss", 0, [], 0, 4),
    (2, "n03", "grass, lawn", "x", 0, [], 0, 4),
    (3, "n01", "brick", "größe", 0, [], 0, 4),
    (1001, "n00", "entity", "y", 3, [1, 2, 3], 1, 0),
)
COLUMNS = (
    "ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height",
    "num_train_images",
)  # fmt: skip


def test_each_row_is_what_was_written() -> None:
    rows = read_table(META, "synsets")
    for row, written in zip(rows, ROWS, strict=True):
        as_lists = [[value] if isinstance(value, int) else value for value in written]
        assert row == dict(zip(COLUMNS, as_lists, strict=True))


def test_a_table_that_is_not_compressed_is_the_same() -> None:
    plain = META[:HEADER] + zlib.decompress(META[HEADER + 8 :])
    assert read_table(plain, "synsets") == read_table(META, "synsets")


@pytest.mark.parametrize("name", ["synset", ""])
def test_what_is_not_in_it_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="holds no"):
        read_table(META, name)


def test_every_damage_is_a_sentence() -> None:
    plain = META[:HEADER] + zlib.decompress(META[HEADER + 8 :])
    for whole in (META, plain):
        for end in range(0, len(whole), 7):
            with pytest.raises(ValueError, match="MATLAB file"):
                read_table(whole[:end], "synsets")
    for at in range(HEADER, len(plain)):  # any answer but another error
        bent = bytearray(plain)
        bent[at] ^= 0xFF
        with suppress(ValueError):
            read_table(bytes(bent), "synsets")
