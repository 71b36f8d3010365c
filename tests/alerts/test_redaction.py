"""What others say, without mailboxes, links and keys."""

from alerts.redaction import unaddressed, without_secrets


def test_a_receiver_that_says_back_what_it_was_sent_gives_no_secret_away() -> None:
    echo = "no such hook /services/T0KEN-of-the-path?key=s3cret%21key, signed by whsec_aGVsbG8="
    said = without_secrets(echo, "https://watch.example/services/T0KEN-of-the-path?key=s3cret%21key")
    assert said == "no such hook /(hidden)/(hidden)?key=(hidden), signed by (hidden)"
    assert without_secrets("s3cret!key is unknown", "https://watch.example/hook?key=s3cret%21key") == "(hidden) is unknown"
    assert without_secrets("the hook is closed", "https://watch.example/hook") == "the hook is closed"


def test_mailboxes_and_links_are_cut_out_and_hosts_stay() -> None:
    said = unaddressed("550 <night@watch.example> unknown, see https://mail.example/help?token=x; asked by mx.example")
    assert said == "550 <(address)> unknown, see (address) asked by mx.example"
