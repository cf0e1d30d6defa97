"""Runs PyPI `py-autotask` 2.3.0, unchanged, against the simulated Autotask.

Opt-in: `pip install py-autotask==2.3.0`, then set AUTOTASK_ZONE_URL, AUTOTASK_USERNAME, AUTOTASK_SECRET and
AUTOTASK_INTEGRATION_CODE as `matchbook simulate` prints them and run it.
"""

import os

from py_autotask.auth import AutotaskAuth
from py_autotask.client import AutotaskClient
from py_autotask.exceptions import AutotaskAPIError, AutotaskAuthError
from py_autotask.types import QueryFilter, QueryRequest

# The only address that the client has built in.
AutotaskAuth.ZONE_INFO_URL = os.environ["AUTOTASK_ZONE_URL"]
KEY = {
    "username": os.environ["AUTOTASK_USERNAME"],
    "secret": os.environ["AUTOTASK_SECRET"],
    "integration_code": os.environ["AUTOTASK_INTEGRATION_CODE"],
}


def refused(error, action):
    try:
        action()
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")


def every_id(client, entity):
    """All ids, page after page: a page begins behind the last id of the one before."""
    seen, last = [], -1
    while True:
        after = QueryRequest(filter=[QueryFilter(op="gt", field="id", value=last)], maxRecords=100)
        page = client.query(entity, after)
        assert page.page_details.count == len(page.items) <= 100
        seen += [row["id"] for row in page.items]
        if not page.page_details.next_page_url:
            return seen
        last = seen[-1]


def main():
    client = AutotaskClient.create(**KEY)
    assert client.auth.test_connection()
    assert client.auth.zone_info.zone_name

    items = every_id(client, "ConfigurationItems")
    assert len(items) > 300, "several pages"
    assert items == sorted(set(items))
    assert client.count("ConfigurationItems", {"filter": [{"op": "gte", "field": "id", "value": 0}]}) == len(items)

    kinds = client.get_field_info("Companies")["fields"]
    kinds = next(field for field in kinds if field["name"] == "companyType")["picklistValues"]
    customer = next(int(kind["value"]) for kind in kinds if kind["label"] == "Customer")
    customers = client.companies.query({"field": "companyType", "op": "eq", "value": customer})
    assert customers.items and all(row["companyType"] == customer for row in customers.items)
    active = client.companies.query(
        [{"field": "isActive", "op": "eq", "value": "true"}, {"field": "companyType", "op": "in", "value": [customer]}],
        include_fields=["id", "companyName"],
    )
    assert 0 < len(active.items) <= len(customers.items)
    assert set(active.items[0]) == {"id", "companyName", "userDefinedFields"}
    assert client.get_entity_info("Contacts")["info"]["canCreate"] is True

    owner = customers.items[0]["ownerResourceID"]
    made = client.companies.create(
        {"CompanyName": "Client Test & Sons", "CompanyType": customer, "Phone": "1", "OwnerResourceID": owner}
    )
    assert client.companies.get(made.item_id)["companyName"] == "Client Test & Sons"
    place = client.entities.get_entity("CompanyLocations").create({"companyID": made.item_id, "name": "Branch"})
    assert client.get("CompanyLocations", place.item_id)["companyID"] == made.item_id
    assert client.companies.get(1) is None
    refused(AutotaskAPIError, lambda: client.companies.create({"companyName": "Half"}))

    # Its own update() puts the id into the path, which the vendor has no such route for; its session has the right one.
    change = {"id": made.item_id, "fax": "77"}
    refused(AutotaskAPIError, lambda: client.companies.update(change))
    assert client.companies.get(made.item_id)["fax"] is None
    answer = client.session.patch(f"{client.auth.api_url}v1.0/Companies", json=change)
    assert answer.json() == {"itemId": made.item_id}
    assert client.companies.get(made.item_id)["fax"] == "77"

    wrong = AutotaskClient.create(**{**KEY, "secret": "wrong"})
    refused(AutotaskAuthError, lambda: wrong.query("Companies", QueryRequest()))
    AutotaskAuth.clear_zone_cache()
    nobody = AutotaskClient.create(**{**KEY, "username": "nobody@nowhere.example"})
    refused(AutotaskAuthError, lambda: nobody.query("Companies", QueryRequest()))
    print(f"ok: {len(items)} configuration items")


main()
