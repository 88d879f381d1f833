//! The description of what can be asked, held against what is answered.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    house::{Answer, House},
    run::{can_trace, wait},
    sleeper,
    stream::Listener,
};

/// The description that a daemon serves.
struct Description(Value);

impl Description {
    fn of(house: &House) -> Self {
        let answer = house.ask("/openapi.json").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        Self(serde_json::from_str(&answer.body).unwrap())
    }

    fn follow<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            None => value,
            Some(to) => self.0.pointer(&to[1..]).unwrap_or_else(|| panic!("{to} leads nowhere")),
        }
    }

    fn operation(&self, path: &str) -> &Value {
        &self.0["paths"][path]["get"]
    }

    /// What a status of a path is described to be.
    fn response(&self, path: &str, status: u16) -> &Value {
        let found = &self.operation(path)["responses"][status.to_string()];
        assert!(!found.is_null(), "{path}: {status} is not described");
        self.follow(found)
    }

    /// Whether a body, or each line of it, is as it is described.
    fn judge(&self, path: &str, media: &str, content: &Value, lines: &[&str]) {
        assert!(!content.is_null(), "{path}: {media} is not described");
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [content["schema"]],
            "components": self.0["components"],
        });
        let validator = jsonschema::validator_for(&schema).unwrap();
        for line in lines {
            let value = serde_json::from_str(line).unwrap_or_else(|_text| json!(line));
            let wrong: Vec<_> = validator.iter_errors(&value).map(|it| it.to_string()).collect();
            assert!(wrong.is_empty(), "{path}: {line}: {wrong:?}");
        }
    }

    /// Whether an answer is as it is described.
    fn hold(&self, path: &str, answer: &Answer) {
        let response = self.response(path, answer.status);
        let media = field(&answer.head, "content-type").unwrap();
        let content = &response["content"][media];
        let lines: Vec<_> = if content["x-lines"] == true {
            answer.body.lines().collect()
        } else {
            vec![answer.body.as_str()]
        };
        self.judge(path, media, content, &lines);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let value = field(&answer.head, name).unwrap_or_else(|| panic!("{path}: no {name}"));
            self.judge(path, name, self.follow(header), &[value]);
        }
        let known: BTreeSet<_> =
            response["headers"].as_object().into_iter().flatten().map(|it| it.0).collect();
        for line in answer.head.lines().filter(|line| line.starts_with("tracer-")) {
            let name = line.split(':').next().unwrap().to_owned();
            assert!(known.contains(&name) || answer.status != 200, "{path}: {name}");
        }
    }
}

/// A field of a head.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn every_answer_is_as_it_is_described() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("described");
    house.start(&["--dir", &house.path("kept").display().to_string()]);
    let it = Description::of(&house);
    let mut child = sleeper();
    let pid = child.id().to_string();
    wait("the beginning is written", || {
        house.ask(&format!("/v1/history/{pid}")).unwrap().status == 200
    });
    for (path, _) in it.0["paths"].as_object().unwrap() {
        if path == "/v1/events" {
            continue;
        }
        let asked = path.replace("{number}", &pid);
        let answer = house.ask(&asked).unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        it.hold(path, &answer);
        if it.response(path, 200)["content"].as_object().unwrap().len() > 1 {
            let text =
                house.ask(&format!("{asked}?format=text&color=0&ascii=1&time=boot")).unwrap();
            assert!(text.head.contains("content-type: text/plain"), "{path}: {text:?}");
            it.hold(path, &text);
        }
        let wrong = house.ask(&format!("{asked}?nonsense=1")).unwrap();
        assert_eq!(wrong.status, 400, "{path}: {wrong:?}");
        it.hold(path, &wrong);
        if path.contains('{') {
            it.hold(path, &house.ask(&path.replace("{number}", "999999999")).unwrap());
        }
        parameters(&house, &it, path, &asked, &pid);
    }
    // Everything there is: kernel threads, all namespaces.
    for path in ["/v1/ps", "/v1/tree"] {
        it.hold(path, &house.ask(&format!("{path}?threads=1")).unwrap());
    }
    it.hold("/v1/task/{number}", &house.ask("/v1/task/1").unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    wait("the end is written", || {
        let told = house.ask(&format!("/v1/history/{pid}")).unwrap();
        it.hold("/v1/history/{number}", &told);
        told.body.contains("\"type\":\"release\"")
    });
}

/// Every parameter that is described is known.
fn parameters(house: &House, it: &Description, path: &str, asked: &str, pid: &str) {
    let own = format!("/v1/pid/{pid}");
    let answer = house.ask(&own).unwrap();
    let ns = serde_json::from_str::<Value>(answer.body.lines().nth(1).unwrap()).unwrap();
    let ns = ns["ns_inums"][0].to_string();
    for parameter in it.operation(path)["parameters"].as_array().unwrap() {
        let parameter = it.follow(parameter);
        let name = parameter["name"].as_str().unwrap();
        let value = match name {
            "pid" | "tree" => pid,
            "ns" => &ns,
            "comm" => "cat",
            "uid" | "cgroup" | "threads" | "color" | "ascii" => "1",
            "container" => "web",
            "kind" => "pid",
            "format" => "json",
            "time" => "wall",
            _ => continue,
        };
        let answer = house.ask(&format!("{asked}?{name}={value}")).unwrap();
        assert_eq!(answer.status, 200, "{path}?{name}: {answer:?}");
        it.hold(path, &answer);
    }
}

#[test]
fn every_event_is_as_it_is_described() {
    if !can_trace() {
        return;
    }
    let house = House::new("described-events", &[]);
    let it = Description::of(&house);
    let path = "/v1/events";
    let mut all = Listener::new(
        &house,
        "type=all&threads=1&from=%2B0s&until=2100-01-01&start=0",
        Some("0000000000000000-1"),
    );
    // Processes, threads, namespaces, sessions, signals, cgroups where they can be made.
    let script = "true; (exit 3); sh -c 'kill -9 $$'; setsid true; \
                  unshare -fp --mount-proc true 2>&-; unshare -u true 2>&-; /nonexistent 2>&-; \
                  /bin/true 'a\"b' \"$(printf '\\377')\"; /bin/true the-last";
    Command::new("sh").args(["-c", script]).stderr(Stdio::null()).status().unwrap();
    let mut told = all.until(|message| message.kind == "exec" && message.data.contains("the-last"));
    told.extend(all.end());
    let media = field(&all.head, "content-type").unwrap();
    let content = &it.response(path, 200)["content"][media];
    let lines: Vec<_> = told.iter().map(|message| message.data.as_str()).collect();
    it.judge(path, media, content, &lines);
    let kinds: BTreeSet<_> = told.iter().map(|message| message.kind.as_str()).collect();
    for kind in ["header", "gap", "fork", "exec", "exit", "rename", "summary"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    for message in &told {
        assert_eq!(message.json()["type"], message.kind, "{message:?}");
    }
    it.hold(path, &house.ask("/v1/events?pid=999999999").unwrap());
    it.hold(path, &house.ask("/v1/events?nonsense=1").unwrap());
}
