package hikyaku.systemtests.internet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A web server that takes reports: at {@code /taken}, at {@code /later} once that is open, and at
 * {@code /endless}, where the answer never ends. At {@code /silent} nothing is said for minutes, as
 * the header comes to it by single octets.
 */
final class Nginx {
  static final String NAME = "reports.example";

  /** What is posted is passed on to an upstream, because only then it is read. */
  private static final String CONFIGURATION =
      """
      daemon off;
      user nobody nogroup;
      pid /var/nginx/pid;
      error_log /var/nginx/error.log;
      events {}
      http {
        log_format posts '$request_method $request_uri $content_type $status $request_body_file';
        access_log /var/nginx/access.log posts;
        client_body_temp_path /var/nginx/bodies;
        proxy_temp_path /var/nginx/proxy;
        fastcgi_temp_path /var/nginx/fastcgi;
        uwsgi_temp_path /var/nginx/uwsgi;
        scgi_temp_path /var/nginx/scgi;
        proxy_connect_timeout 1h;
        proxy_read_timeout 1h;
        proxy_buffering off;
        server {
          listen 127.0.0.1:8080;
          access_log off;
          location / {
            return 201;
          }
          location /silent {
            limit_rate 1;
            alias /var/nginx/long;
          }
          location /endless {
            limit_rate_after 1k;
            limit_rate 1;
            alias /var/nginx/long;
          }
        }
        server {
          listen 443 ssl;
          ssl_certificate /etc/tls/certificate;
          ssl_certificate_key /etc/tls/key;
          client_body_in_file_only on;
          location /taken {
            proxy_pass http://127.0.0.1:8080;
          }
          location /later {
            if (!-f /var/nginx/open) {
              return 503;
            }
            proxy_pass http://127.0.0.1:8080;
          }
          location /moved {
            return 308 https://$host/taken;
          }
          location /refused {
            return 413;
          }
          location /silent {
            proxy_method GET;
            proxy_pass http://127.0.0.1:8080;
          }
          location /endless {
            proxy_method GET;
            proxy_pass http://127.0.0.1:8080;
          }
        }
      }
      """;

  private final Host host;

  private Nginx(Host host) {
    this.host = host;
  }

  static Nginx start(Host host, Authority authority) throws IOException {
    host.etc("nginx/nginx.conf", CONFIGURATION);
    host.etc("tls/certificate", Files.readString(authority.certificate(NAME)));
    host.etc("tls/key", Files.readString(authority.key(NAME)));
    host.open("nginx");
    host.var("nginx/long", "x".repeat(100_000));
    host.launch("nginx", "-c", "/etc/nginx/nginx.conf");
    return new Nginx(host);
  }

  /** From now on reports are taken at {@code /later}. */
  void open() throws IOException {
    host.var("nginx/open", "");
  }

  /** A line for each request: method, path, type, status, and where its body is kept. */
  List<String> requests() throws IOException {
    Path log = host.var("nginx/access.log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  /** A body, by where it is said to be kept. */
  byte[] body(String kept) throws IOException {
    return Files.readAllBytes(host.var(kept.substring("/var/".length())));
  }
}
