"""Runs PyPI `ConnectPyse-Manage` 0.0.7, unchanged, against the simulated ConnectWise Manage.

Opt-in: `pip install ConnectPyse-Manage==0.0.7`, then with CONNECTWISE_URL, CONNECTWISE_COMPANY, CONNECTWISE_PUBLIC_KEY,
CONNECTWISE_PRIVATE_KEY and CONNECTWISE_CLIENT_ID set: python tests/clients/connectwise_python.py
"""

import os

from connectwise import ConnectWiseClient
from connectwise.exceptions import ConnectWiseAuthenticationError, ConnectWiseBadRequestError
from connectwise.models import Configuration


def client(**other):
    settings = {
        "base_url": os.environ["CONNECTWISE_URL"],
        "client": os.environ["CONNECTWISE_COMPANY"],
        "username": os.environ["CONNECTWISE_PUBLIC_KEY"],
        "password": os.environ["CONNECTWISE_PRIVATE_KEY"],
        "client_id": os.environ["CONNECTWISE_CLIENT_ID"],
    }
    return ConnectWiseClient(**{**settings, **other})


def main():
    cw = client()
    companies = cw.get_companies()
    assert len(companies) == cw.get_company_count() > 100
    first = companies[0]
    assert cw.get_company(first.id).name == first.name
    assert cw.get_company(99999999) is None
    paged = cw.get_all("company/companies", pagesize=30, orderby="id asc")
    assert [row["id"] for row in paged] == sorted(c.id for c in companies)
    devices = cw.get_configurations(pagesize=200)
    assert len(devices) == cw.get_configuration_count() == len({d.id for d in devices})
    own = cw.get_company_configurations(devices[0].company["id"])
    assert devices[0].id in {d.id for d in own}
    assert {d.company["id"] for d in own} == {devices[0].company["id"]}

    made = cw.create_configuration(
        Configuration(id=0, name="PYSE-1", company={"id": first.id}, type={"id": 24}, status={"id": 1}, serialNumber="PY-1")
    )
    found = cw.get_configurations(conditions='serialNumber="py-1"')
    assert [d.id for d in found] == [made.id]
    made.tagNumber = "T1"
    cw.patch("company/configurations", made.id, [{"op": "replace", "path": "tagNumber", "value": "T1"}])
    assert cw.get_configuration(made.id).tagNumber == "T1"

    contact = cw.create_contact("Ana", "Reed", first.id, email="ana@pyse.example", phone="5550100")
    assert contact.id in {c.id for c in cw.get_company_contacts(first.id)}

    board = cw.get_boards()[0]
    assert cw.get_board_statuses(board.id)
    ticket = cw.create_ticket(
        "Printer offline", "Shows offline", company_id=first.id, board_id=board.id,
        priority_id=cw.get_priorities()[0].id, config_ids=[made.id],
    )
    assert [d.id for d in cw.get_ticket_configurations(ticket.id)] == [made.id]
    assert cw.delete_configuration(made.id)

    try:
        cw.get("company/companies", conditions="colour=1")
    except ConnectWiseBadRequestError as error:
        assert "colour" in str(error), error
    else:
        raise AssertionError("an unknown member was taken")
    try:
        client(password="other").get_company_count()
    except ConnectWiseAuthenticationError:
        pass
    else:
        raise AssertionError("another key was taken")
    print(f"ok: {len(companies)} companies, {len(devices)} devices")


main()
