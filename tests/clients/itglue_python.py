"""Runs PyPI `itglue` 0.2.0, unchanged, against the simulated IT Glue.

Opt-in: `pip install itglue==0.2.0`, then
    ITGLUE_API_URL=http://127.0.0.1:PORT ITGLUE_API_KEY=ITG.… python tests/clients/itglue_python.py
"""

import itglue


def main():
    organizations = itglue.Organization.get()
    assert len(organizations) > 60, "more than one page of 50"
    assert len({o.id for o in organizations}) == len(organizations)
    first = organizations[0]
    assert itglue.Organization.find(first.id).get_attr("name") == first.get_attr("name")
    by_id = itglue.Organization.filter(id=[organizations[0].id, organizations[1].id])
    assert len(by_id) == 2, "a comma separates alternatives"

    customer = itglue.Organization.create(
        itglue.Organization(name="Client Test & Sons", organization_type_id=86, organization_status_id=68)
    )
    assert itglue.Organization.find_by(name="Client Test & Sons") is not None or customer.id

    kinds = itglue.ConfigurationType.get()
    laptop = next(k for k in kinds if k.get_attr("name") == "Laptop")
    interface = itglue.ConfigurationInterface(
        name="en0", ip_address="10.0.0.9", mac_address="14:7d:da:00:00:01", primary=True
    )
    device = itglue.Configuration(
        name="CLIENT-MBA1", organization_id=customer.id, configuration_type_id=laptop.id, serial_number="C02TEST00001"
    )
    device.create(configuration_interfaces=[interface])
    assert device.get_attr("serial_number") == "C02TEST00001"
    assert device.get_attr("primary_ip") == "10.0.0.9"

    found = itglue.Configuration.filter(organization_id=customer.id, serial_number="C02TEST00001")
    assert [c.id for c in found] == [device.id]
    nested = itglue.Configuration.get(parent=customer)
    assert [c.id for c in nested] == [device.id]
    interfaces = itglue.ConfigurationInterface.get(parent=device)
    assert [i.get_attr("mac_address") for i in interfaces] == ["14:7d:da:00:00:01"]

    device.set_attr("asset_tag", "A1")
    device.update()
    assert itglue.Configuration.find(device.id).get_attr("asset_tag") == "A1"

    more = itglue.Configuration.bulk_create(
        [itglue.Configuration(name=f"CLIENT-{n}", configuration_type_id=laptop.id) for n in range(3)], parent=customer
    )
    assert len(more) == 3
    for row in more:
        row.attributes = {"asset_tag": "B"}
    assert all(c.get_attr("asset_tag") == "B" for c in itglue.Configuration.bulk_update(more))
    itglue.Configuration.bulk_delete(more)
    assert len(itglue.Configuration.get(parent=customer)) == 1

    try:
        itglue.Configuration(name="without type", organization_id=customer.id).create()
    except itglue.connection.ResponseError as error:
        assert error.args[0] == 422, error
    else:
        raise AssertionError("a configuration without type was taken")
    print(f"ok: {len(organizations)} organizations")


main()
