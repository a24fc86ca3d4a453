//! Filters, sort orders and pages.

use super::{ENTERPRISE, ScimClient, USER, strings, url_encode};
use serde_json::json;
use sqlx::PgPool;

async fn create_users(scim: &ScimClient) {
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
async fn every_operator_matches_the_right_users(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    create_users(&scim).await;
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
        // Wildcards and quotes of SQL are ordinary characters.
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
        // Users without emails have the address that they sign in with.
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
    for (filter, expected) in cases {
        let mut user_names = scim.search("Users", filter, "userName").await;
        user_names.sort();
        let names: Vec<&str> = user_names.iter().map(|email| email.split('@').next().unwrap()).collect();
        assert_eq!(names, expected, "{filter}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn ids_and_members_can_be_filtered(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    create_users(&scim).await;
    let ann = scim.search("Users", "userName eq \"ann@blobs.example\"", "id").await.remove(0);
    let bob = scim.search("Users", "userName eq \"bob@blobs.example\"", "id").await.remove(0);
    let sales = scim.create_group("Sales", &[&ann]).await;
    let all = scim.create_group("All", &[&ann, &bob]).await;
    let search = async |endpoint: &str, filter: String, attribute: &str| {
        scim.search(endpoint, &filter, attribute).await
    };
    assert_eq!(search("Users", format!("id eq \"{ann}\""), "id").await, [ann.as_str()]);
    assert_eq!(search("Users", "id eq \"unknown\"".to_owned(), "id").await, [""; 0]);
    assert_eq!(search("Users", format!("groups.value eq \"{sales}\""), "id").await, [ann.as_str()]);
    assert_eq!(
        search("Users", "groups[display eq \"all\"] and externalId eq \"a1\"".to_owned(), "id").await,
        [bob.as_str()]
    );
    let mut names = search("Groups", format!("members.value eq \"{ann}\""), "displayName").await;
    names.sort();
    assert_eq!(names, ["All", "Sales"]);
    assert_eq!(search("Groups", format!("members[value eq \"{bob}\"]"), "id").await, [all.as_str()]);
    // Entra ID checks a membership like this.
    assert_eq!(
        search("Groups", format!("id eq \"{all}\" and members eq \"{bob}\""), "id").await,
        [all.as_str()]
    );
    assert_eq!(search("Groups", format!("id eq \"{sales}\" and members eq \"{bob}\""), "id").await, [""; 0]);
    assert_eq!(search("Groups", "displayName eq \"SALES\"".to_owned(), "id").await, [sales.as_str()]);
    assert_eq!(search("Groups", "displayName sw \"s\"".to_owned(), "id").await, [sales.as_str()]);
    assert_eq!(search("Groups", "not (members pr)".to_owned(), "id").await, [""; 0]);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invalid_filter_reports_its_position(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let reply = scim.get(&format!("/Users?filter={}", url_encode("title is \"x\""))).await;
    assert_eq!(reply.error(400, Some("invalidFilter")), "At position 9: unknown operator “is”.");
    let search = json!({ "filter": format!("title eq \"{}\"", "x".repeat(20_000)) });
    let detail = scim.post("/Users/.search", &search).await.error(400, Some("invalidFilter"));
    assert!(detail.contains("too long"), "{detail}");
    // An empty filter is none.
    assert_eq!(scim.get("/Users?filter=%20").await.ok()["totalResults"], 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn pages_are_complete_in_every_sort_order(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
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
            let page_path = |start: usize, count: usize| {
                let sort = if sort.is_empty() { String::new() } else { format!("&sortBy={sort}") };
                format!("/Users?startIndex={start}&count={count}{sort}&sortOrder={order}&attributes=userName")
            };
            let all = scim.get(&page_path(1, 200)).await.ok();
            let all = all["Resources"].as_array().unwrap();
            assert_eq!(all.len(), 12, "{sort}");
            let mut paged = Vec::new();
            for start in (1..=12).step_by(5) {
                let page = scim.get(&page_path(start, 5)).await.ok();
                assert_eq!(page["totalResults"], 12);
                paged.extend(page["Resources"].as_array().unwrap().clone());
            }
            assert_eq!(&paged, all, "{sort} {order}");
            // A page that no cursor leads to.
            let page = scim.get(&page_path(9, 2)).await.ok();
            assert_eq!(page["Resources"].as_array().unwrap()[..], all[8..10], "{sort} {order}");
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn paging_is_stable_under_concurrent_deletes(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(scim.create_user(&format!("u{n}@blobs.example")).await);
    }
    let first = scim.get("/Users?startIndex=1&count=3").await.ok();
    // The admin is the first user.
    assert_eq!(strings(&first["Resources"], "id")[1..], ids[..2]);
    // Two users of the first page are deleted. An offset would skip two users of the second one.
    scim.delete(&format!("/Users/{}", ids[0])).await;
    scim.delete(&format!("/Users/{}", ids[1])).await;
    let second = scim.get("/Users?startIndex=4&count=3").await.ok();
    assert_eq!(strings(&second["Resources"], "id"), ids[2..5]);
}
