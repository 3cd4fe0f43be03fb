package hikyaku.app.config;

import hikyaku.mailbox.MailboxLimits;
import hikyaku.server.auth.AuthSettings;
import hikyaku.server.cluster.ClusterSettings;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.dmarc.DmarcReportSettings;
import hikyaku.server.dns.DnsSettings;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.flow.FlowSettings;
import hikyaku.server.foreign.ForeignSettings;
import hikyaku.server.front.HealthSettings;
import hikyaku.server.imap.ImapSettings;
import hikyaku.server.link.LinkSettings;
import hikyaku.server.lists.ListSettings;
import hikyaku.server.mtasts.OwnPolicySettings;
import hikyaku.server.mtasts.StsSettings;
import hikyaku.server.net.NetLimits;
import hikyaku.server.origin.OriginSettings;
import hikyaku.server.pop3.Pop3Settings;
import hikyaku.server.queue.QueueSettings;
import hikyaku.server.search.SearchSettings;
import hikyaku.server.sending.SendingSettings;
import hikyaku.server.smtp.SmtpSettings;
import hikyaku.server.srs.SrsSettings;
import hikyaku.server.tlsrpt.TlsReportSettings;
import java.nio.file.Path;

/**
 * All of it.
 *
 * @param hostname the name by which this server calls itself, in greetings and in Received fields,
 *     which is best the one that MX records and clients use. Empty for the name of the machine
 * @param data the directory that everything durable is kept in. Empty for {@code data} beside the
 *     program; {@code --data} goes before it
 * @param node this node among the others of its cluster
 * @param cluster how nodes know of each other
 * @param listen where to listen
 * @param link how fronts and nodes watch the links between them
 * @param front what a front needs to know
 * @param health how a front judges its nodes
 * @param tls the certificate
 * @param log what is written to the log, and how
 * @param connections what clients may take of the network
 * @param flow how fast clients are let in when all come at once
 * @param login how logins are taken
 * @param passwords how passwords are kept
 * @param directory bounds of domains, addresses and accounts
 * @param mailboxes bounds of mailboxes and folders
 * @param dns whom DNS is asked of
 * @param smtp how mail is taken in, from other servers and from users
 * @param origin what is found out about whom mail from other servers is from
 * @param queue how mail goes out to other servers
 * @param mtaSts policies of other domains about TLS (MTA-STS, RFC 8461)
 * @param mtaStsPolicy the policy about TLS that domains here have for others (MTA-STS, RFC 8461)
 * @param sending when an account that sends is taken for a stolen one
 * @param tlsReports reports to other domains about TLS with their servers (TLSRPT, RFC 8460)
 * @param dmarcReports reports to other domains of what DMARC made of mail from them
 * @param sieve what users' scripts may do
 * @param srs the sender of mail that users' scripts send on to other services (SRS)
 * @param lists mailing lists
 * @param pop3 what an operator can set for POP3
 * @param imap what an operator can set for IMAP
 * @param search the index of messages' texts, by which searches are fast
 * @param foreign how long foreign servers may take that serve accounts in place of this one
 * @param store where everything durable is kept
 * @param housekeeping what is tidied up, and how often
 */
public record Configuration(
    String hostname,
    Path data,
    ThisNode node,
    ClusterSettings cluster,
    Listen listen,
    LinkSettings link,
    Front front,
    HealthSettings health,
    Tls tls,
    Log log,
    NetLimits connections,
    FlowSettings flow,
    AuthSettings login,
    Passwords passwords,
    DirectoryLimits directory,
    MailboxLimits mailboxes,
    DnsSettings dns,
    SmtpSettings smtp,
    OriginSettings origin,
    QueueSettings queue,
    StsSettings mtaSts,
    OwnPolicySettings mtaStsPolicy,
    SendingSettings sending,
    TlsReportSettings tlsReports,
    DmarcReportSettings dmarcReports,
    SieveSettings sieve,
    SrsSettings srs,
    ListSettings lists,
    Pop3Settings pop3,
    ImapSettings imap,
    SearchSettings search,
    ForeignSettings foreign,
    StoreSettings store,
    Housekeeping housekeeping) {
  public static final Configuration DEFAULTS =
      new Configuration(
          "",
          Path.of(""),
          ThisNode.DEFAULTS,
          ClusterSettings.DEFAULTS,
          Listen.DEFAULTS,
          LinkSettings.DEFAULT,
          Front.DEFAULTS,
          HealthSettings.DEFAULTS,
          Tls.DEFAULTS,
          Log.DEFAULTS,
          NetLimits.DEFAULT,
          FlowSettings.DEFAULTS,
          AuthSettings.defaults(""),
          Passwords.DEFAULTS,
          DirectoryLimits.DEFAULTS,
          MailboxLimits.DEFAULT,
          DnsSettings.DEFAULTS,
          SmtpSettings.of(""),
          OriginSettings.DEFAULTS,
          QueueSettings.DEFAULTS,
          StsSettings.DEFAULTS,
          OwnPolicySettings.DEFAULTS,
          SendingSettings.DEFAULTS,
          TlsReportSettings.DEFAULTS,
          DmarcReportSettings.DEFAULTS,
          SieveSettings.DEFAULTS,
          SrsSettings.DEFAULTS,
          ListSettings.DEFAULTS,
          Pop3Settings.DEFAULTS,
          ImapSettings.DEFAULTS,
          SearchSettings.DEFAULTS,
          ForeignSettings.DEFAULTS,
          StoreSettings.DEFAULTS,
          Housekeeping.DEFAULTS);

  public Configuration withData(Path directory) {
    return with(hostname, directory, node, listen, front, login, smtp);
  }

  public Configuration withListen(Listen where) {
    return with(hostname, data, node, where, front, login, smtp);
  }

  public Configuration withFront(Front changed) {
    return with(hostname, data, node, listen, changed, login, smtp);
  }

  /** Tells the name to all who say it. */
  public Configuration withHostname(String name) {
    AuthSettings namedLogin =
        new AuthSettings(
            login.defaultDomain(),
            name,
            login.plainTextAnywhere(),
            login.plainTextFromLoopback(),
            login.sharedSecrets(),
            login.channelBinding(),
            login.verifiedPasswords(),
            login.verifiedLifetime(),
            login.throttle(),
            login.sessions());
    return with(name, data, node.on(name), listen, front, namedLogin, smtp.withHostName(name));
  }

  private Configuration with(
      String newHostname,
      Path newData,
      ThisNode newNode,
      Listen newListen,
      Front newFront,
      AuthSettings newLogin,
      SmtpSettings newSmtp) {
    return new Configuration(
        newHostname,
        newData,
        newNode,
        cluster,
        newListen,
        link,
        newFront,
        health,
        tls,
        log,
        connections,
        flow,
        newLogin,
        passwords,
        directory,
        mailboxes,
        dns,
        newSmtp,
        origin,
        queue,
        mtaSts,
        mtaStsPolicy,
        sending,
        tlsReports,
        dmarcReports,
        sieve,
        srs,
        lists,
        pop3,
        imap,
        search,
        foreign,
        store,
        housekeeping);
  }
}
