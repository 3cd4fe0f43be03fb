package hikyaku.server.ops;

import hikyaku.server.net.ConnectionInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A node or a front at a glance, as one page of HTML without scripts that renews itself. */
public final class StatusPage {
  /** Sessions that are listed; the page must stay small when there are ten thousand. */
  private static final int SESSIONS = 200;

  private final NodeStatus node;
  private final Supplier<List<String>> problems;
  private final Supplier<Map<String, String>> figures;
  private final Supplier<List<StatusTable>> tables;
  private final InstantSource clock;

  /**
   * A page.
   *
   * @param problems sentences about what keeps it from being ready
   * @param figures what else is counted, by its name, in the order in which it is shown
   * @param tables what else there is to see
   */
  public StatusPage(
      NodeStatus node,
      Supplier<List<String>> problems,
      Supplier<Map<String, String>> figures,
      Supplier<List<StatusTable>> tables,
      InstantSource clock) {
    this.node = node;
    this.problems = problems;
    this.figures = figures;
    this.tables = tables;
    this.clock = clock;
  }

  String render() {
    List<String> problems = this.problems.get();
    List<ConnectionInfo> sessions = node.sessions();
    Html html = new Html();
    html.raw(HEAD).text(node.name()).raw(STYLE);
    html.raw("<header><h1>").text(node.name()).raw("</h1>");
    html.raw(
        problems.isEmpty() ? "<span class=good>ready</span>" : "<span class=bad>not ready</span>");
    html.raw("<p>");
    if (!node.hostname().equals(node.name())) {
      html.text(node.hostname()).raw(" &middot; ");
    }
    html.raw("Up for ").text(Figures.time(Duration.between(node.started(), clock.instant())));
    node.versions().forEach(v -> html.raw(" &middot; ").text(v.part() + " " + v.version()));
    html.raw("</p></header>");
    for (String problem : problems) {
      html.raw("<p class=problem>").text(problem).raw("</p>");
    }
    cards(html, sessions);
    tables.get().forEach(table -> table(html, table));
    listeners(html);
    sessions(html, sessions);
    html.raw("<details><summary>Configuration in force</summary><pre>")
        .text(node.configuration())
        .raw("</pre></details>");
    html.raw("<footer><a href=/metrics>metrics</a> <a href=/health/ready>readiness</a></footer>");
    return html.raw("</main></body></html>\n").toString();
  }

  private void cards(Html html, List<ConnectionInfo> sessions) {
    Map<String, Integer> byProtocol = new TreeMap<>();
    sessions.forEach(session -> byProtocol.merge(session.protocol(), 1, Integer::sum));
    Map<String, String> cards = new LinkedHashMap<>();
    cards.put("sessions", Figures.count(sessions.size()));
    byProtocol.forEach(
        (protocol, count) -> cards.put(protocol + " sessions", Figures.count(count)));
    cards.putAll(figures.get());
    cards.put("bugs met", Figures.count(node.work().bugs()));
    html.raw("<section class=cards>");
    cards.forEach((name, value) ->
        html.raw("<div><b>").text(value).raw("</b><span>").text(name).raw("</span></div>"));
    html.raw("</section>");
  }

  private static void table(Html html, StatusTable table) {
    html.raw("<h2>").text(table.title()).raw("</h2>");
    if (table.rows().isEmpty()) {
      html.raw("<p>").text(table.ifEmpty()).raw("</p>");
      return;
    }
    html.raw("<table><tr>");
    table.heads().forEach(head -> html.raw("<th>").text(head));
    html.raw("</tr>");
    for (List<StatusTable.Cell> row : table.rows()) {
      html.raw("<tr>");
      for (StatusTable.Cell cell : row) {
        html.raw(
                switch (cell.mood()) {
                  case PLAIN -> "<td>";
                  case GOOD -> "<td class=fine>";
                  case BAD -> "<td class=ill>";
                  case FAINT -> "<td class=faint>";
                })
            .text(cell.text());
      }
      html.raw("</tr>\n");
    }
    html.raw("</table>");
  }

  private void listeners(Html html) {
    html.raw("<h2>Listeners</h2>").raw("<table><tr><th>name<th>protocol<th>address<th>TLS</tr>");
    for (NodeStatus.ListenerView listener : node.listeners()) {
      html.row(listener.name(), listener.protocol(), listener.address(), listener.tls());
    }
    html.raw("</table>");
  }

  private void sessions(Html html, List<ConnectionInfo> sessions) {
    html.raw("<h2>Sessions</h2>");
    if (sessions.isEmpty()) {
      html.raw("<p>None now.</p>");
      return;
    }
    html.raw(
        "<table><tr><th>session<th>protocol<th>client<th>account<th>state<th>since<th>TLS"
            + "<th>received<th>sent</tr>");
    Instant now = clock.instant();
    sessions.stream()
        .sorted(Comparator.comparing(ConnectionInfo::since))
        .limit(SESSIONS)
        .forEach(session ->
            html.row(
                session.sessionId(),
                session.protocol(),
                Figures.address(session.remote()),
                session.account().orElse("–"),
                session.state() + (session.waiting() ? " (waits)" : ""),
                Figures.time(Duration.between(session.since(), now)),
                session.tls() ? "yes" : "no",
                Figures.octets(session.bytesIn()),
                Figures.octets(session.bytesOut())));
    html.raw("</table>");
    if (sessions.size() > SESSIONS) {
      html.raw("<p>The oldest ").text(SESSIONS + " of " + sessions.size()).raw(".</p>");
    }
  }

  /** A page being written; what comes from outside is escaped. */
  private static final class Html {
    private final StringBuilder page = new StringBuilder(16 * 1024);

    Html raw(String markup) {
      page.append(markup);
      return this;
    }

    Html text(String text) {
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        switch (c) {
          case '<' -> page.append("&lt;");
          case '>' -> page.append("&gt;");
          case '&' -> page.append("&amp;");
          case '"' -> page.append("&quot;");
          default -> page.append(c);
        }
      }
      return this;
    }

    void row(String... cells) {
      raw("<tr>");
      for (String cell : cells) {
        raw("<td>").text(cell);
      }
      raw("</tr>\n");
    }

    @Override
    public String toString() {
      return page.toString();
    }
  }

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="refresh" content="10">
      <title>Hikyaku: \
      """;

  private static final String STYLE =
      """
      </title><style>
      :root { color-scheme: light dark; --line: #8884; --soft: #8881; --faint: #888; }
      body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
      main { max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
      header h1 { display: inline; font-size: 1.6rem; margin: 0 .6rem 0 0; }
      header p { color: var(--faint); margin: .2rem 0 1.2rem; }
      .good, .bad { padding: .15rem .6rem; border-radius: 1rem; color: #fff; font-size: .85rem;
        vertical-align: .25rem; }
      .good { background: #1a7f37; } .bad, .problem { background: #b42318; }
      .problem { color: #fff; padding: .5rem .8rem; border-radius: .4rem; }
      .fine { color: #1a7f37; } .ill { color: #d92d20; font-weight: 600; }
      .faint { color: var(--faint); }
      .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
        gap: .7rem; }
      .cards div { background: var(--soft); border-radius: .5rem; padding: .7rem .9rem; }
      .cards b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
      .cards span { color: var(--faint); font-size: .85rem; }
      h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
      table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
      th { text-align: left; font-weight: 500; color: var(--faint); font-size: .85rem; }
      th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
      pre { background: var(--soft); padding: 1rem; border-radius: .5rem; overflow: auto; }
      details { margin-top: 1.8rem; } summary { cursor: pointer; }
      footer { margin-top: 1.8rem; color: var(--faint); } footer a { margin-right: 1rem; }
      </style></head><body><main>
      """;
}
