"""Projects with what Compose has learned of late, and with files in other folders. Shared with `cases_oracle`."""

Files = dict[str, str]

LABEL_FILES: Files = {
    "compose.yml": """
services:
  a: {image: x, label_file: l.env, labels: {a: own}}
  b: {image: x, label_file: [l.env, m.env, l.env], labels: [z=1]}
  c: {extends: {file: d/c.yml, service: c}}
  d: {image: x, label_file: nowhere.env, profiles: [off]}
  e: {image: x, label_file: []}
""",
    "over.yml": "services: {a: {label_file: [m.env], labels: {b: over}}, b: {label_file: !reset []}}\n",
    "l.env": "a=file\nb=${SET}\nc='x y'\n# a comment\nd\ncom.example.of-it_2=Host(`a`)\n",
    "m.env": "b=3\nf=$a\n",
    "d/c.yml": "services: {c: {image: x, label_file: c.env}}\n",
    "d/c.env": "deep=yes\n",
}
EVERY_KEY: Files = {
    "compose.yml": """
x-top: {a: [1]}
services:
  db:
    provider: {type: cloud, options: {type: mysql, number: 256, flag: true, list: [1, a]}}
  a:
    image: x
    attach: false
    annotations: {a.b: 1, c: true, d: null}
    cgroup: host
    uts: host
    userns_mode: host
    use_api_socket: true
    pull_policy: every_12h
    storage_opt: {size: 1G, n: 12}
    gpus:
      - {driver: nvidia, count: 2, capabilities: [gpu, compute], options: [a=b], x-g: 1}
      - {device_ids: ['0', '1']}
    models: {m: {endpoint_var: URL, model_var: M}, n: }
    configs: [c, {source: d, target: /d, uid: '1', gid: '2', mode: 0440}, {source: e, mode: '0440'}]
    secrets: [s, {source: t, target: /run/t, mode: 256}]
    develop:
      watch:
        - {path: ./a, action: sync, target: /x, ignore: [n/], include: ['*.py'], initial_sync: true}
        - {path: ., action: sync+exec, target: /, exec: {command: 'a b', user: u, environment: [A=1]}}
        - {path: z, action: restart}
    post_start:
      - {command: ./a.sh, user: root, privileged: true, working_dir: /w, environment: {A: 1}}
      - {command: [b, c]}
    pre_stop: [{command: echo bye $$X, environment: [B=2]}]
    ports:
      - {name: web, target: 80, published: '8080', host_ip: 127.0.0.1, app_protocol: http, mode: host, x-p: 1}
      - {target: '83', published: 90}
    volumes:
      - {type: volume, source: v, target: /v, volume: {nocopy: true, subpath: a/b, labels: {x: y}}}
      - {type: bind, source: ./s, target: /s, bind: {create_host_path: false, recursive: readonly}, read_only: true}
      - {type: tmpfs, target: /t, tmpfs: {size: 10m, mode: 0777}, x-v: 7}
      - {type: image, source: alpine, target: /i, image: {subpath: etc}}
    networks: {n: {interface_name: eth7, gw_priority: 3, mac_address: '02:42:ac:11:00:01', driver_opts: {a: 1}}}
    depends_on: {b: {condition: service_healthy, restart: true, required: false}, db: {condition: service_started}}
  b: {build: {context: ./d, additional_contexts: [base=service:c, l=./x], entitlements: [e], provenance: true}}
  c: {build: 'https://example.com/a/b.git#main:sub'}
models: {m: {model: ai/x, context_size: 1024, runtime_flags: ['--a']}, n: {model: ai/y, name: n2, x-m: 1}}
configs: {c: {content: "x=${V}\\n$$y\\n"}, d: {environment: V}, e: {file: ./e.txt}, f: {external: true, name: ff}}
secrets: {s: {environment: V}, t: {file: ./t}}
volumes: {v: }
networks: {n: {enable_ipv4: false, enable_ipv6: true, ipam: {config: [{subnet: 10.0.0.0/24, x-i: 1}]}}}
"""
}
OVER: Files = {
    "compose.yml": "services:\n  a: {image: x, gpus: [{count: 1}], post_start: [{command: a}], annotations: {a: b}, "
    "develop: {watch: [{path: a, action: rebuild}]}, env_file: [{path: e, required: false}], models: [m]}\n"
    "  b: {image: x, gpus: all, post_start: [{command: a}], annotations: {a: b}, models: [m]}\n"
    "models: {m: {model: z}}\n",
    "over.yml": "services:\n  a: {gpus: [{driver: d}], post_start: [{command: b}], annotations: [c=d], "
    "develop: {watch: [{path: b, action: restart}]}, env_file: f}\n"
    "  b: {gpus: !reset null, post_start: !override [{command: b}], annotations: !override {c: d}, "
    "models: !reset {}}\n",
    "f": "A=1\n",
}
ENV_FILES: Files = {
    "compose.yml": "services:\n  a: {image: x, env_file: [{path: r.env, format: raw}, {path: no.env, required: false}, "
    "{path: no.env, required: 'false'}, {path: y.env, required: true}]}\n",
    "r.env": "A=$B 'x' # c\nC=\"y\"\nD\nE=\n #c\nF= x \n",
    "y.env": "G=$B\n",
}
CHAIN: Files = {
    "compose.yml": "services:\n  a: {extends: {file: x/one.yml, service: one}, environment: {L: top}}\n"
    "  q: {image: q}\n",
    "x/one.yml": "services: {one: {extends: {file: ../y/two.yml, service: two}, volumes: ['./1:/1'], "
    "env_file: one.env}}\n",
    "x/one.env": "O=1\n",
    "y/two.yml": "services:\n  two: {image: x, build: ./b, volumes: ['./2:/2'], env_file: [two.env], ports: ['80'], "
    "depends_on: [q], healthcheck: {test: [CMD, a], start_interval: 1s}}\n  q: {image: y}\n",
    "y/two.env": "T=2\n",
}
INCLUDES: Files = {
    "compose.yml": "include: [{path: s/c.yml, env_file: [one.env, two.env]}, {path: [e/c.yml, e/o.yml], "
    "project_directory: ., env_file: e/.e}]\nservices: {z: {image: 'x:${A:-none}'}}\n",
    "s/c.yml": "include: [t/c.yml]\nservices: {a: {image: 'x:${A}${B}'}}\n",
    "s/t/c.yml": "services: {b: {image: 'y:${A}${B}${C:-n}'}}\n",
    "s/t/.env": "C=c\n",
    "one.env": "A=1\nB=1\n",
    "two.env": "B=2$A\n",
    "e/c.yml": "services: {e: {image: 'e:${T:-none}', volumes: ['./d:/d'], label_file: e/l}}\n",
    "e/o.yml": "services: {e: {command: o}}\n",
    "e/.e": "T=ee\n",
    "e/l": "k=${T}\n",
}
ANCHORS: Files = {
    "compose.yml": "x-b: &b {image: x, command: a, environment: &e {A: 1}, labels: [q=1]}\n"
    "x-c: &c {restart: always}\nservices:\n  a: {<<: [*b, *c], environment: {<<: *e, B: 2}}\n"
    "  b: {command: z, <<: *b, x-own: {z: [1, {q: r}]}}\n"
    "  c: {image: x, deploy: {x-d: 3, resources: {x-r: 4}}, healthcheck: {x-h: 5, test: a}, logging: {x-l: 8}}\n"
}
REFUSED_LINES: dict[str, str] = {
    "label-file-missing": "label_file: nowhere.env",
    "env-file-format": "env_file: [{path: compose.yml, format: yaml}]",
    "env-file-missing": "env_file: [{path: nowhere.env}]",
    "gpus-by-count-and-by-id": "gpus: [{count: 1, device_ids: ['0']}]",
    "devices-by-count-and-by-id": "deploy: {resources: {reservations: {devices: [{count: 1, device_ids: ['0'], "
    "capabilities: [gpu]}]}}}",
    "volume-without-target": "volumes: [{type: bind, source: .}]",
    "port-without-target": "ports: [{published: 80}]",
    "dockerfile-twice": "build: {context: ., dockerfile: D, dockerfile_inline: FROM x}",
    "models-undeclared": "models: [q]",
    "provider-without-type": "provider: {options: {a: b}}",
    "watch-action": "develop: {watch: [{action: fly, path: p}]}",
    "hook-without-command": "post_start: [{user: a}]",
}
"""Lines of a service that Compose refuses."""
LABEL_OF_A_PATH: Files = {
    "compose.yml": "services: {a: {image: x, label_file: l.env}}\n",
    "l.env": "com.example/x=1\n",
}
