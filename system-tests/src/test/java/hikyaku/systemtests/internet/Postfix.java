package hikyaku.systemtests.internet;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/**
 * Other people's Postfix. Each of its addresses is another server of theirs: one in order, one that
 * puts off what it has not seen before, one that is slow, one with another's certificate, one that
 * knows characters of 7 bits alone, one that refuses what does not pass SPF, and one that only IPv6
 * leads to. It sends on what a user hands it who logs in, of whom a Dovecot beside it knows. Mail
 * for {@code box} and {@code böx} at any of its domains is kept; mail for {@code away} is sent on
 * to where nobody is.
 */
final class Postfix {
  static final String NAME = "mx.postfix.example";

  /** Where users hand mail in, and where they can do so by LOGIN alone, as in old times. */
  static final int SUBMISSION = 587;

  static final int OLD_SUBMISSION = 588;

  /** Who may. */
  static final String USER = "hikyaku";

  static final String PASSWORD = "among=us";

  private static final String MAIN =
      """
      compatibility_level = 3.6
      maillog_file = /dev/stdout
      myhostname = %1$s
      mydestination =
      alias_maps =
      alias_database =
      inet_protocols = all
      mynetworks = %2$s
      virtual_mailbox_domains = %3$s
      virtual_mailbox_maps = texthash:/etc/postfix/boxes
      virtual_mailbox_base = /var/mail
      virtual_uid_maps = static:65534
      virtual_gid_maps = static:65534
      virtual_alias_maps = inline:{ { away@postfix.example = nobody@hikyaku.example } }
      smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
      smtpd_tls_chain_files = /etc/tls/key, /etc/tls/certificate
      smtpd_tls_security_level = may
      smtpd_tls_received_header = yes
      smtpd_peername_lookup = no
      smtp_dns_support_level = dnssec
      smtp_tls_security_level = dane
      smtp_tls_loglevel = 1
      smtpd_sasl_type = dovecot
      smtpd_sasl_path = inet:127.0.0.1:12345
      smtpd_sasl_authenticated_header = yes
      """;

  /** Who logs in where users hand mail in. */
  private static final String LOGINS =
      """
      protocols =
      base_dir = /var/dovecot
      log_path = /dev/stderr
      ssl = no
      auth_mechanisms = plain login
      passdb {
        driver = passwd-file
        args = /etc/dovecot/logins
      }
      userdb {
        driver = static
        args = uid=nobody gid=nogroup home=/var/dovecot
      }
      service auth {
        inet_listener postfix {
          address = 127.0.0.1
          port = 12345
        }
      }
      """;

  private static final String SERVICES =
      """
      %1$s:25 inet n - n - - smtpd
      %2$s:25 inet n - n - - smtpd
        -o { smtpd_recipient_restrictions = check_policy_service unix:private/grey }
      %3$s:25 inet n - n - - smtpd
        -o smtpd_delay_reject=no
        -o { smtpd_client_restrictions = sleep 2 }
      %4$s:25 inet n - n - - smtpd
        -o { smtpd_tls_chain_files = /etc/tls/other-key, /etc/tls/other-certificate }
      %5$s:25 inet n - n - - smtpd
        -o smtputf8_enable=no
        -o smtpd_discard_ehlo_keywords=8bitmime
      %6$s:25 inet n - n - - smtpd
        -o { smtpd_recipient_restrictions = check_policy_service unix:private/spf }
      [%7$s]:25 inet n - n - - smtpd
      %8$d inet n - n - - smtpd
        -o smtpd_sasl_auth_enable=yes
        -o smtpd_tls_security_level=encrypt
        -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }
      %9$d inet n - n - - smtpd
        -o smtpd_sasl_auth_enable=yes
        -o smtpd_sasl_mechanism_filter=login
        -o smtpd_tls_security_level=encrypt
        -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }
      spf unix - n n - 0 spawn user=nobody argv=/usr/bin/python3 /etc/postfix/spf
      grey unix - n n - 0 spawn user=nobody argv=/bin/sh /etc/postfix/grey
      cleanup unix n - n - 0 cleanup
      qmgr unix n - n 300 1 qmgr
      tlsmgr unix - - n 1000? 1 tlsmgr
      rewrite unix - - n - - trivial-rewrite
      bounce unix - - n - 0 bounce
      defer unix - - n - 0 bounce
      trace unix - - n - 0 bounce
      proxymap unix - - n - - proxymap
      smtp unix - - n - - smtp
      error unix - - n - - error
      retry unix - - n - - error
      virtual unix - n n - - virtual
      anvil unix - - n - 1 anvil
      scache unix - - n - 1 scache
      postlog unix-dgram n - n - 1 postlogd
      """;

  /** The protocol of policy services: a request is attributes and an empty line. */
  private static final String GREY =
      """
      while read -r line; do
        case $line in
          recipient=*) recipient=${line#*=} ;;
          '')
            if mkdir "/var/grey/$recipient" 2>/dev/null; then
              printf 'action=450 4.7.1 Not seen before, come again\\n\\n'
            else
              printf 'action=dunno\\n\\n'
            fi
            ;;
        esac
      done
      """;

  /** The same protocol, and what pyspf finds. */
  private static final String SPF =
      """
      import sys
      import spf

      said = {}
      for line in sys.stdin:
          name, equals, value = line.rstrip("\\n").partition("=")
          said[name] = value
          if not equals:
              found, why = spf.check2(i=said["client_address"], s=said["sender"], h=said["helo_name"])
              action = ("PREPEND Received-SPF: " + found if found == "pass"
                        else "550 5.7.23 SPF says " + found)
              print("action=" + action + "\\n", flush=True)
      """;

  private Postfix() {}

  /** What its addresses are for. */
  record Addresses(
      String right, String grey, String slow, String other, String ascii, String spf, String six) {}

  /**
   * Starts it.
   *
   * @param other whose certificate it shows where it should not
   * @param friend an address from which it sends mail on
   */
  static void start(
      Host host,
      Authority authority,
      String other,
      Addresses addresses,
      List<String> domains,
      String friend)
      throws IOException, InterruptedException {
    host.etc("tls/key", Files.readString(authority.key(NAME)));
    host.etc("tls/certificate", Files.readString(authority.certificate(NAME)));
    host.etc("tls/other-key", Files.readString(authority.key(other)));
    host.etc("tls/other-certificate", Files.readString(authority.certificate(other)));
    host.etc("postfix/main.cf", MAIN.formatted(NAME, friend, String.join(" ", domains)));
    host.etc(
        "postfix/master.cf",
        SERVICES.formatted(
            addresses.right,
            addresses.grey,
            addresses.slow,
            addresses.other,
            addresses.ascii,
            addresses.spf,
            addresses.six,
            SUBMISSION,
            OLD_SUBMISSION));
    StringBuilder boxes = new StringBuilder();
    for (String domain : domains) {
      boxes.append("box@%1$s %1$s/\nböx@%1$s %1$s/\n".formatted(domain));
    }
    host.etc("postfix/boxes", boxes.toString());
    host.etc("postfix/grey", GREY);
    host.etc("postfix/spf", SPF);
    host.etc("dovecot/logins", USER + ":{PLAIN}" + PASSWORD + "\n");
    host.etc("dovecot/logins.conf", LOGINS);
    host.open("mail");
    host.open("grey");
    Files.createDirectories(host.var("spool/postfix"));
    Files.createDirectories(host.var("lib/postfix"));
    host.run("chown", "postfix", "/var/lib/postfix");
    host.launch("dovecot", "-F", "-c", "/etc/dovecot/logins.conf");
    host.launch("postfix", "start-fg");
  }
}
