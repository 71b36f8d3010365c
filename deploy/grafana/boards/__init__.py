"""The dashboards as code: what each shows, from which JSON files for Grafana are made (`make dashboards`)."""
