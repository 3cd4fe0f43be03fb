package hikyaku.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.spi.FilterReply;
import hikyaku.app.config.Log;
import hikyaku.server.ops.Journal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log, set up in code, since looking for configuration files costs a tenth of a start. Until
 * {@link #use} has been called, warnings go to standard error.
 */
public final class Logging extends ContextAwareBase implements Configurator {
  /** The logger above all of this program's. */
  static final String OURS = "hikyaku";

  private static final Set<JournalAppender> JOURNALS = new HashSet<>();

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    set(context, new Log(Log.Level.WARN, Log.Format.TEXT, Optional.empty(), 0, Duration.ZERO));
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** Logs as the configuration says from now on. */
  static void use(Log log) {
    set((LoggerContext) LoggerFactory.getILoggerFactory(), log);
  }

  /** Sets the least severe level that is written; empty if there is none of that name. */
  static Optional<String> level(String name) {
    for (Log.Level level : Log.Level.values()) {
      if (level.name().equalsIgnoreCase(name)) {
        level((LoggerContext) LoggerFactory.getILoggerFactory(), Level.toLevel(level.name()));
        return Optional.of(level.name().toLowerCase(Locale.ROOT));
      }
    }
    return Optional.empty();
  }

  private static void set(LoggerContext context, Log log) {
    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setLayout(
        switch (log.format()) {
          case TEXT -> new LogLayout.Text();
          case JSON -> new LogLayout.Json();
        });
    encoder.start();
    OutputStreamAppender<ILoggingEvent> appender = appender(log);
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.start();
    var root = root(context);
    root.iteratorForAppenders()
        .forEachRemaining(before -> {
          if (!(before instanceof JournalAppender)) {
            root.detachAppender(before);
            before.stop();
          }
        });
    root.addAppender(appender);
    level(context, Level.toLevel(log.level().name()));
  }

  /**
   * Keeps what this program says of sessions in a journal too, until the answer is closed. What is
   * said at DEBUG is made for it then, and held back from the log itself.
   */
  static AutoCloseable keep(Journal journal) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    JournalAppender appender = new JournalAppender(journal);
    appender.setContext(context);
    appender.start();
    var root = root(context);
    synchronized (JOURNALS) {
      root.addAppender(appender);
      JOURNALS.add(appender);
      level(context, root.getLevel());
    }
    return () -> {
      synchronized (JOURNALS) {
        root.detachAppender(appender);
        JOURNALS.remove(appender);
        level(context, root.getLevel());
      }
      appender.stop();
    };
  }

  /** Sets what the log itself has; a journal has what is said of sessions at any level. */
  private static void level(LoggerContext context, Level level) {
    synchronized (JOURNALS) {
      var root = root(context);
      root.setLevel(level);
      Level ours = JOURNALS.isEmpty() || Level.DEBUG.isGreaterOrEqual(level) ? null : Level.DEBUG;
      context.getLogger(OURS).setLevel(ours);
      root.iteratorForAppenders()
          .forEachRemaining(appender -> {
            if (!(appender instanceof JournalAppender)) {
              ThresholdFilter threshold = new ThresholdFilter();
              threshold.setLevel(level.toString());
              threshold.start();
              appender.clearAllFilters();
              appender.addFilter(threshold);
              appender.addFilter(new NoProbes());
            }
          });
    }
  }

  /**
   * Sessions of probes come every second or two and say the same: what is no warning is for those
   * who log everything.
   */
  private static final class NoProbes extends Filter<ILoggingEvent> {
    @Override
    public FilterReply decide(ILoggingEvent event) {
      boolean news =
          event.getLevel().isGreaterOrEqual(Level.WARN)
              || !JournalAppender.isOfProbe(event)
              || root((LoggerContext) LoggerFactory.getILoggerFactory()).isEnabledFor(Level.DEBUG);
      return news ? FilterReply.NEUTRAL : FilterReply.DENY;
    }
  }

  private static OutputStreamAppender<ILoggingEvent> appender(Log log) {
    if (log.file().isPresent()) {
      FileAppender<ILoggingEvent> file = new FileAppender<>();
      file.setFile(log.file().get().toString());
      return file;
    }
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setTarget("System.err");
    return console;
  }

  private static ch.qos.logback.classic.Logger root(LoggerContext context) {
    return context.getLogger(Logger.ROOT_LOGGER_NAME);
  }
}
