"""The one place for what nobody outside of Google knows."""

from emulator import unconfirmed


def test_every_constant_says_what_it_is_and_why():
    listed = [choice.name for choice in unconfirmed.choices()]
    assert len(set(listed)) == len(listed)
    constants = {
        name for name in vars(unconfirmed) if name.isupper() and name[0] != "_"
    }
    assert constants - {"T"} == set(listed)
    for choice in unconfirmed.choices():
        assert len(choice.what) > 20
        assert len(choice.why) > 20
