package hikyaku.systemtests.internet;

import hikyaku.fixtures.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Other people's Exim, which signs what it sends and looks at the signatures of what it gets. At
 * one of its addresses it shows another's certificate. Mail for {@code box} is kept. It sends on
 * what a user hands it who logs in.
 */
final class Exim {
  static final String NAME = "mx.exim.example";
  static final String SELECTOR = "exim";

  /** Who may have it send mail on. */
  static final String USER = "hikyaku";

  static final String PASSWORD = "between you and me";

  private static final String CONFIGURATION =
      """
      primary_hostname = %1$s
      domainlist local_domains = %2$s
      hostlist friends = %3$s
      log_file_path = /var/log/exim4/%%slog
      spool_directory = /var/spool/exim4
      pid_file_path = /var/spool/exim4/exim.pid
      keep_environment =
      acl_smtp_rcpt = rcpt
      acl_smtp_data = data
      tls_advertise_hosts = *
      tls_certificate = /etc/tls/${if eq{$received_ip_address}{%4$s}{other-certificate}{certificate}}
      tls_privatekey = /etc/tls/${if eq{$received_ip_address}{%4$s}{other-key}{key}}
      begin acl
      rcpt:
        accept hosts = +friends
               control = dkim_disable_verify
        accept authenticated = *
               control = dkim_disable_verify
        require message = we do not relay
                domains = +local_domains
        require verify = recipient
        accept
      data:
        warn add_header = :at_start:${authresults {$primary_hostname}}
        accept
      begin routers
      others:
        driver = dnslookup
        domains = ! +local_domains
        transport = others
        dnssec_request_domains = *
        no_more
      boxes:
        driver = accept
        domains = +local_domains
        local_parts = box
        transport = boxes
      begin transports
      others:
        driver = smtp
        hosts_try_dane = *
        dkim_domain = exim.example
        dkim_selector = %5$s
        dkim_private_key = /etc/tls/signing-key
        dkim_canon = relaxed
      boxes:
        driver = appendfile
        maildir_format
        directory = /var/mail/$domain_data
        create_directory
        user = nobody
        group = nogroup
      begin retry
      * * F,1h,1m
      begin authenticators
      plain:
        driver = plaintext
        public_name = PLAIN
        server_advertise_condition = ${if def:tls_in_cipher}
        server_condition = ${if and{{eq{$auth2}{%6$s}}{eq{$auth3}{%7$s}}}}
        server_set_id = $auth2
      """;

  private Exim() {}

  /**
   * Makes the key it signs with.
   *
   * @return its record in DNS, as data of a TXT record
   */
  static String key(Path file) throws IOException, InterruptedException {
    Machine.HERE.run(List.of("openssl", "genrsa", "-traditional", "-out", file.toString(), "2048"));
    String key =
        Machine.HERE
            .run(List.of("openssl", "rsa", "-in", file.toString(), "-pubout"))
            .lines()
            .filter(line -> !line.startsWith("-") && !line.contains(" "))
            .reduce("", String::concat);
    return "\"v=DKIM1; p=" + key.substring(0, 200) + "\" \"" + key.substring(200) + "\"";
  }

  /**
   * Starts it.
   *
   * @param other whose certificate it shows at an address where it should not
   * @param friend an address from which it sends mail on
   */
  static void start(
      Host host,
      Authority authority,
      String other,
      String otherAddress,
      List<String> domains,
      String friend,
      Path signingKey)
      throws IOException {
    host.etc("tls/key", Files.readString(authority.key(NAME)));
    host.etc("tls/certificate", Files.readString(authority.certificate(NAME)));
    host.etc("tls/other-key", Files.readString(authority.key(other)));
    host.etc("tls/other-certificate", Files.readString(authority.certificate(other)));
    host.etc("tls/signing-key", Files.readString(signingKey));
    host.etc(
        "exim4/exim4.conf",
        CONFIGURATION.formatted(
            NAME, String.join(" : ", domains), friend, otherAddress, SELECTOR, USER, PASSWORD));
    host.open("mail");
    host.open("log/exim4");
    host.open("spool/exim4");
    host.launch("exim4", "-bdf", "-q1m");
  }
}
