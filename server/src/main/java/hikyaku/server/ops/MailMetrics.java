package hikyaku.server.ops;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.view.BriefCache;
import hikyaku.mailbox.view.Mailbox;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** What a node keeps of mailboxes in its memory, as metrics. */
public final class MailMetrics {
  private MailMetrics() {}

  public static void register(MailStore mail, MeterRegistry registry) {
    gauge(registry, mail, "hikyaku.mailboxes.folded", "Mailboxes in memory", m -> m.open().size());
    gauge(
        registry,
        mail,
        "hikyaku.mailboxes.folded.messages",
        "Messages of mailboxes in memory",
        m -> m.open().stream().map(Mailbox::state).mapToLong(state -> state.size()).sum());
    BriefCache briefs = mail.briefs();
    gauge(registry, briefs, "hikyaku.briefs", "Briefs of messages in memory", BriefCache::size);
    gauge(
        registry,
        briefs,
        "hikyaku.briefs.octets",
        "Octets that the briefs in memory take",
        BriefCache::octets);
    gauge(registry, briefs, "hikyaku.briefs.most.octets", "Octets they may take", BriefCache::most);
    counter(
        registry,
        briefs,
        "hikyaku.briefs.used",
        "Briefs that commands have used, each time counted",
        BriefCache::used);
    counter(
        registry,
        briefs,
        "hikyaku.briefs.read",
        "Briefs that were not in memory then and were read from the store",
        BriefCache::read);
    counter(
        registry,
        briefs,
        "hikyaku.briefs.dropped",
        "Briefs that made room for others",
        BriefCache::dropped);
  }

  private static <T> void gauge(
      MeterRegistry registry, T of, String name, String description, ToDoubleFunction<T> figure) {
    Gauge.builder(name, of, figure)
        .description(description)
        .strongReference(true)
        .register(registry);
  }

  private static <T> void counter(
      MeterRegistry registry, T of, String name, String description, ToDoubleFunction<T> figure) {
    FunctionCounter.builder(name, of, figure).description(description).register(registry);
  }
}
