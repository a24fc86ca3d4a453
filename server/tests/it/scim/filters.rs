//! What a scim can ask for, and what it finds.

use super::{Directory, ENTERPRISE, USER, encoded};
use serde_json::json;
use sqlx::PgPool;

async fn people(scim: &Directory) {
    for body in [
        json!({
            "userName": "ann@blobs.example", "externalId": "A1", "displayName": "Ann Ödegaard", "title": "Vice President",
            "name": { "givenName": "Ann", "familyName": "Ödegaard" }, "locale": "en-GB",
            "emails": [
                { "value": "ann@blobs.example", "type": "work", "primary": true },
                { "value": "Ann@Home.example", "type": "home" },
            ],
            "phoneNumbers": [{ "value": "+1 555", "type": "mobile" }],
            ENTERPRISE: { "department": "Sales", "employeeNumber": "17", "manager": { "value": "Bob" } },
        }),
        json!({
            "userName": "bob@blobs.example", "externalId": "a1", "displayName": "Bob 100%", "title": "Guide",
            ENTERPRISE: { "department": "sales", "employeeNumber": "18" },
        }),
        json!({ "userName": "cy_d@blobs.example", "displayName": "Cy", "active": false }),
    ] {
        let mut body = body;
        body["schemas"] = json!([USER]);
        scim.post("/Users", &body).await.ok();
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_operator_finds_whom_it_should(pool: PgPool) {
    let scim = Directory::new(pool).await;
    people(&scim).await;
    let manager = format!("{ENTERPRISE}:manager.value eq \"Bob\"");
    let wrong_manager = format!("{ENTERPRISE}:manager.value eq \"bob\"");
    let department = format!("{ENTERPRISE}:department eq \"SALES\"");
    let starts = format!("{}:employeeNUMBER sw \"1\"", ENTERPRISE.to_uppercase());
    let long = format!("title eq \"{}\"", "x".repeat(900));
    let many = (0..150).map(|n| format!("userName eq \"{n}@x.example\"")).collect::<Vec<_>>().join(" or ");
    let many = format!("{many} or userName eq \"bob@blobs.example\"");
    let cases: [(&str, &[&str]); 63] = [
        ("userName eq \"ANN@blobs.example\"", &["ann"]),
        ("userName Eq \"ann@blobs.example\"", &["ann"]),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"bob@blobs.example\"", &["bob"]),
        ("userName ne \"ann@blobs.example\"", &["ada", "bob", "cy_d"]),
        ("userName co \"NN@\"", &["ann"]),
        ("userName sw \"b\"", &["bob"]),
        ("userName ew \"@blobs.example\"", &["ann", "bob", "cy_d"]),
        // Signs that mean something to the database are letters.
        ("userName co \"y_d\"", &["cy_d"]),
        ("userName co \"b_b\"", &[]),
        ("displayName co \"0%\"", &["bob"]),
        ("displayName ew \"%\"", &["bob"]),
        ("displayName co \"%%\"", &[]),
        ("displayName eq \"ann ödegaard\"", &["ann"]),
        ("displayName eq \"Cy' or '1' eq '1\"", &[]),
        ("displayName gt \"b\"", &["bob", "cy_d"]),
        ("displayName ge \"bob 100%\" and displayName lt \"cz\"", &["bob", "cy_d"]),
        ("displayName le \"Bob 100%\"", &["ann", "bob"]),
        ("displayName pr", &["ann", "bob", "cy_d"]),
        ("not (displayName pr)", &["ada"]),
        ("not(displayName pr)", &["ada"]),
        ("displayName eq null", &["ada"]),
        ("externalId eq \"A1\"", &["ann"]),
        ("externalId eq \"a1\"", &["bob"]),
        ("externalId pr", &["ann", "bob"]),
        ("title pr", &["ann", "bob"]),
        ("title eq \"vice president\"", &["ann"]),
        ("title ne \"guide\"", &["ada", "ann", "cy_d"]),
        ("not (title eq \"guide\")", &["ada", "ann", "cy_d"]),
        ("title co \"PRES\"", &["ann"]),
        ("title gt \"h\"", &["ann"]),
        ("not (title gt \"h\")", &["ada", "bob", "cy_d"]),
        (&long, &[]),
        ("name.familyName eq \"ödegaard\"", &["ann"]),
        ("name.familyName sw \"Ö\"", &["ann"]),
        ("name pr", &["ann"]),
        ("active eq true", &["ada", "ann", "bob"]),
        ("active eq false", &["cy_d"]),
        ("active ne true", &["cy_d"]),
        ("active eq True and title pr", &["ann", "bob"]),
        ("emails.value eq \"ann@home.example\"", &["ann"]),
        ("emails eq \"ann@home.example\"", &["ann"]),
        ("emails co \"home.example\"", &["ann"]),
        // Whoever has no addresses of a scim's has the one that we write to.
        ("emails.value eq \"bob@blobs.example\"", &["bob"]),
        ("emails[type eq \"work\" and value co \"@blobs.\"]", &["ann", "bob", "cy_d"]),
        ("emails[type eq \"home\"]", &["ann"]),
        ("emails[not (type eq \"work\")]", &["ann"]),
        ("emails[primary eq true and value ew \"home.example\"]", &[]),
        ("emails[type eq \"home\"].value eq \"ann@home.example\"", &["ann"]),
        ("emails[type eq \"work\"].value eq \"ann@home.example\"", &[]),
        ("phoneNumbers pr", &["ann"]),
        ("phoneNumbers[type eq \"mobile\"].value sw \"+1\"", &["ann"]),
        ("not (phoneNumbers pr)", &["ada", "bob", "cy_d"]),
        (&department, &["ann", "bob"]),
        (&manager, &["ann"]),
        (&wrong_manager, &[]),
        (&starts, &["ann", "bob"]),
        ("meta.resourceType eq \"User\" and title pr", &["ann", "bob"]),
        ("meta.lastModified gt \"2011-05-13T04:42:34Z\" and title pr", &["ann", "bob"]),
        ("meta.created lt \"2011-05-13T04:42:34\"", &[]),
        ("title pr and userName sw \"a\" or userName sw \"c\"", &["ann", "cy_d"]),
        ("title pr and (userName sw \"a\" or userName sw \"c\")", &["ann"]),
        ("not (title pr and userName sw \"a\") and externalId pr", &["bob"]),
        (&many, &["bob"]),
    ];
    for (filter, wanted) in cases {
        let mut found = scim.find("Users", filter, "userName").await;
        found.sort();
        let found: Vec<&str> = found.iter().map(|address| address.split('@').next().unwrap()).collect();
        assert_eq!(found, wanted, "{filter}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn ids_and_groups_are_found(pool: PgPool) {
    let scim = Directory::new(pool).await;
    people(&scim).await;
    let ann = scim.find("Users", "userName eq \"ann@blobs.example\"", "id").await.remove(0);
    let bob = scim.find("Users", "userName eq \"bob@blobs.example\"", "id").await.remove(0);
    let sales = scim.group("Sales", &[&ann]).await;
    let all = scim.group("All", &[&ann, &bob]).await;
    let find = async |kind: &str, filter: String, attribute: &str| scim.find(kind, &filter, attribute).await;
    assert_eq!(find("Users", format!("id eq \"{ann}\""), "id").await, [ann.as_str()]);
    assert_eq!(find("Users", "id eq \"nobody\"".to_owned(), "id").await, [""; 0]);
    assert_eq!(find("Users", format!("groups.value eq \"{sales}\""), "id").await, [ann.as_str()]);
    assert_eq!(
        find("Users", "groups[display eq \"all\"] and externalId eq \"a1\"".to_owned(), "id").await,
        [bob.as_str()]
    );
    let mut names = find("Groups", format!("members.value eq \"{ann}\""), "displayName").await;
    names.sort();
    assert_eq!(names, ["All", "Sales"]);
    assert_eq!(find("Groups", format!("members[value eq \"{bob}\"]"), "id").await, [all.as_str()]);
    // As Entra asks whether somebody is in a group.
    assert_eq!(
        find("Groups", format!("id eq \"{all}\" and members eq \"{bob}\""), "id").await,
        [all.as_str()]
    );
    assert_eq!(find("Groups", format!("id eq \"{sales}\" and members eq \"{bob}\""), "id").await, [""; 0]);
    assert_eq!(find("Groups", "displayName eq \"SALES\"".to_owned(), "id").await, [sales.as_str()]);
    assert_eq!(find("Groups", "displayName sw \"s\"".to_owned(), "id").await, [sales.as_str()]);
    assert_eq!(find("Groups", "not (members pr)".to_owned(), "id").await, [""; 0]);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_can_not_be_asked_is_told_where(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let deep = format!("{}title pr{}", "(".repeat(40), ")".repeat(40));
    let deeper = "not (".repeat(1_900);
    let many = vec!["title pr"; 201].join(" and ");
    let long = format!("title eq \"{}\"", "x".repeat(20_000));
    for filter in [
        "",
        "  ",
        "title",
        "title eq",
        "title eq \"x",
        "title eq x",
        "title is \"x\"",
        "title pr and",
        "title pr or",
        "(title pr",
        "title pr)",
        "not title pr",
        "nothing pr",
        "title eq \"x\" \"y\"",
        "title[type eq \"x\"]",
        "emails[type eq \"work\"",
        "emails[nothing pr]",
        "emails[type eq \"work\"].nothing pr",
        "emails[]",
        "active gt true",
        "active eq \"true\"",
        "active co \"t\"",
        "meta.created co \"2011\"",
        "meta.created gt \"soon\"",
        "meta.location pr",
        "name eq \"x\"",
        "urn:ietf:params:scim:schemas:core:2.0:User pr",
        "urn:x:userName pr",
        "title eq \"\\u0000\"",
        "title eq {\"a\": 1}",
        "title eq [1]",
        "$ref pr",
        "groups.$ref pr",
        "'",
        "\"",
        "\u{0}",
        &deep,
        &deeper,
        &many,
    ] {
        let reply = scim.get(&format!("/Users?filter={}", encoded(filter))).await;
        if filter.trim().is_empty() {
            assert_eq!(reply.status, 200, "no filter");
            continue;
        }
        let detail = reply.refused(400, Some("invalidFilter"));
        assert!(detail.starts_with("At place "), "{filter}: {detail}");
    }
    let search = json!({ "filter": long });
    let detail = scim.post("/Users/.search", &search).await.refused(400, Some("invalidFilter"));
    assert!(detail.contains("too long"), "{detail}");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn pages_follow_each_other_in_every_order(pool: PgPool) {
    let scim = Directory::new(pool).await;
    for n in 0..11 {
        let mut body =
            json!({ "userName": format!("u{n:02}@blobs.example"), "displayName": format!("Blob {}", n % 3) });
        if n % 2 == 0 {
            body["title"] = json!(format!("T{}", n % 4));
        }
        scim.post("/Users", &body).await.ok();
    }
    for sort in [
        "",
        "userName",
        "displayName",
        "title",
        "externalId",
        "active",
        "meta.created",
        "meta.lastModified",
        "id",
        "emails",
    ] {
        for order in ["ascending", "descending"] {
            let at = |start: usize, count: usize| {
                let sort = if sort.is_empty() { String::new() } else { format!("&sortBy={sort}") };
                format!("/Users?startIndex={start}&count={count}{sort}&sortOrder={order}&attributes=userName")
            };
            let whole = scim.get(&at(1, 200)).await.ok();
            let whole = whole["Resources"].as_array().unwrap();
            assert_eq!(whole.len(), 12, "{sort}");
            // Page by page, and from anywhere.
            let mut walked = Vec::new();
            for start in (1..=12).step_by(5) {
                let page = scim.get(&at(start, 5)).await.ok();
                assert_eq!(page["totalResults"], 12);
                walked.extend(page["Resources"].as_array().unwrap().clone());
            }
            assert_eq!(&walked, whole, "{sort} {order}");
            let jumped = scim.get(&at(9, 2)).await.ok();
            assert_eq!(jumped["Resources"].as_array().unwrap()[..], whole[8..10], "{sort} {order}");
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_is_missed_when_others_go_while_a_directory_walks(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(scim.user(&format!("u{n}@blobs.example")).await);
    }
    let first = scim.get("/Users?startIndex=1&count=3").await.ok();
    assert_eq!(first["Resources"].as_array().unwrap().len(), 3);
    // Two of those that were seen go; counting anew would leap over two that were not.
    scim.delete(&format!("/Users/{}", ids[0])).await;
    scim.delete(&format!("/Users/{}", ids[1])).await;
    let second = scim.get("/Users?startIndex=4&count=3").await.ok();
    let second: Vec<_> =
        second["Resources"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(second, ids[2..5].iter().map(|id| json!(id)).collect::<Vec<_>>());
}
