package hikyaku.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The walls between the rooms: who may see whom. */
final class ArchitectureTest {
  /** A table that sees fewer classes than this has lost its sight. */
  private static final int CLASSES_AT_LEAST = 500;

  /** Each package with the packages of ours that it may see; those below it are meant as well. */
  private static final Map<String, Set<String>> MAY_SEE =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("protocol.wire", Set.of()),
              Map.entry("protocol.proxy", Set.of()),
              Map.entry("protocol.address", Set.of("protocol.wire")),
              Map.entry("protocol.mime", Set.of("protocol.wire", "protocol.address")),
              Map.entry("protocol.smtp", grammar()),
              Map.entry("protocol.imap", grammar()),
              Map.entry("protocol.managesieve", grammar()),
              Map.entry("protocol.pop3", grammar()),
              Map.entry("protocol.sieve", grammar()),
              Map.entry("mailbox.store", Set.of("protocol.wire")),
              Map.entry("mailbox", Set.of("protocol.wire", "protocol.address", "protocol.mime")),
              Map.entry("stores.base", Set.of("mailbox.store")),
              Map.entry("stores.rocksdb", engine()),
              Map.entry("stores.postgres", engine()),
              Map.entry("server.net", Set.of("protocol.wire", "protocol.proxy")),
              Map.entry("server.link", Set.of("protocol.wire", "server.net")),
              Map.entry("server.front", Set.of("protocol.wire", "server.net", "server.link")),
              Map.entry(
                  "server.directory", Set.of("protocol.wire", "protocol.address", "mailbox.store")),
              Map.entry(
                  "server.auth",
                  Set.of("protocol.wire", "protocol.address", "mailbox.store", "server.directory")),
              Map.entry("server.cluster", Set.of("protocol.wire", "mailbox.store")),
              Map.entry(
                  "server.flow",
                  Set.of(
                      "protocol.wire",
                      "protocol.address",
                      "mailbox.store",
                      "server.net",
                      "server.auth",
                      "server.directory")),
              Map.entry(
                  "server.probe",
                  Set.of("protocol.wire", "server.net", "server.link", "server.front")),
              Map.entry("server.synthetic", Set.of("mailbox", "server.auth", "server.directory")),
              Map.entry(
                  "server.foreign",
                  Set.of(
                      "protocol.wire",
                      "protocol.proxy",
                      "mailbox.store",
                      "server.auth",
                      "server.directory")),
              Map.entry(
                  "server.search",
                  Set.of("protocol.wire", "protocol.address", "protocol.mime", "mailbox")),
              Map.entry(
                  "server.smtp",
                  server(
                      "protocol.smtp",
                      "server.filter",
                      "server.queue",
                      "server.sending",
                      "server.origin",
                      "server.dmarc",
                      "server.srs",
                      "server.story",
                      "server.dkim")),
              Map.entry("server.published", Set.of("server.dkim", "server.dns")),
              Map.entry(
                  "server.dkim",
                  Set.of(
                      "protocol.wire",
                      "protocol.address",
                      "protocol.mime",
                      "mailbox.store",
                      "server.auth",
                      "server.directory")),
              Map.entry(
                  "server.queue",
                  Set.of(
                      "protocol.wire",
                      "protocol.address",
                      "protocol.mime",
                      "protocol.smtp",
                      "mailbox",
                      "server.directory",
                      "server.dkim",
                      "server.sending",
                      "server.smtpclient")),
              Map.entry(
                  "server.lists",
                  Set.of(
                      "protocol.wire",
                      "protocol.address",
                      "protocol.mime",
                      "protocol.smtp",
                      "mailbox",
                      "server.auth",
                      "server.directory",
                      "server.dkim",
                      "server.queue")),
              Map.entry(
                  "server.sending", Set.of("protocol.address", "mailbox", "server.directory")),
              Map.entry(
                  "server.smtpclient",
                  Set.of(
                      "protocol.wire",
                      "protocol.address",
                      "protocol.mime",
                      "protocol.smtp",
                      "server.dns",
                      "server.mtasts")),
              Map.entry(
                  "server.reports",
                  Set.of(
                      "protocol.address",
                      "protocol.smtp",
                      "protocol.mime",
                      "protocol.wire",
                      "mailbox",
                      "server.directory",
                      "server.dkim",
                      "server.queue")),
              Map.entry(
                  "server.tlsrpt",
                  Set.of(
                      "protocol.address",
                      "protocol.wire",
                      "mailbox",
                      "server.dkim",
                      "server.dns",
                      "server.queue",
                      "server.reports",
                      "server.smtpclient")),
              Map.entry(
                  "server.dmarc",
                  Set.of(
                      "protocol.address",
                      "protocol.mime",
                      "protocol.wire",
                      "mailbox",
                      "server.dkim",
                      "server.dns",
                      "server.origin",
                      "server.queue",
                      "server.reports")),
              Map.entry("server.mtasts", Set.of("mailbox.store", "server.dns")),
              Map.entry("server.dns", Set.of()),
              Map.entry(
                  "server.origin",
                  Set.of(
                      "protocol.wire",
                      "protocol.address",
                      "protocol.mime",
                      "server.net",
                      "server.dns")),
              Map.entry(
                  "server.filter",
                  Set.of(
                      "protocol.wire",
                      "protocol.address",
                      "protocol.mime",
                      "protocol.sieve",
                      "protocol.smtp",
                      "mailbox",
                      "server.directory",
                      "server.dkim",
                      "server.queue",
                      "server.srs",
                      "server.story")),
              Map.entry(
                  "server.srs",
                  Set.of("protocol.address", "protocol.smtp", "server.auth", "server.directory")),
              Map.entry(
                  "server.sharing", Set.of("protocol.address", "mailbox", "server.directory")),
              Map.entry("server.story", Set.of("protocol.mime", "mailbox")),
              Map.entry("server.imap", server("protocol.imap", "server.sharing", "server.story")),
              Map.entry(
                  "server.managesieve",
                  server("protocol.managesieve", "protocol.sieve", "server.filter")),
              Map.entry("server.pop3", server("protocol.pop3", "server.story")),
              Map.entry("server.ops", operations()),
              Map.entry("app", Set.of("protocol", "mailbox", "server", "stores"))));

  /** Libraries that one room alone may see. */
  private static final Map<String, String> ONLY_IN =
      Map.of(
          "org.rocksdb", "stores.rocksdb",
          "com.github.luben", "stores",
          "org.postgresql", "stores.postgres",
          "picocli", "app",
          "ch.qos.logback", "app",
          "com.sun.net.httpserver", "server.ops",
          "org.apache.lucene", "server.search",
          "org.xbill.DNS", "server.dns",
          "org.bouncycastle", "server");

  private static JavaClasses classes;

  private static Set<String> grammar() {
    return Set.of("protocol.wire", "protocol.address", "protocol.mime");
  }

  private static Set<String> engine() {
    return Set.of("mailbox.store", "protocol.wire", "stores.base");
  }

  private static Set<String> server(String... own) {
    Set<String> seen = new TreeSet<>(List.of(own));
    seen.addAll(
        Set.of(
            "protocol.wire",
            "protocol.address",
            "protocol.mime",
            "mailbox",
            "server.net",
            "server.auth",
            "server.directory"));
    return seen;
  }

  private static Set<String> operations() {
    Set<String> seen = new TreeSet<>(server("protocol"));
    seen.add("server.cluster");
    seen.add("server.dkim");
    seen.add("server.dmarc");
    seen.add("server.published");
    seen.add("server.filter");
    seen.add("server.flow");
    seen.add("server.foreign");
    seen.add("server.link");
    seen.add("server.lists");
    seen.add("server.queue");
    seen.add("server.mtasts");
    seen.add("server.smtpclient");
    seen.add("server.search");
    seen.add("server.sending");
    seen.add("server.sharing");
    return seen;
  }

  @BeforeAll
  static void load() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("hikyaku");
    assertThat(classes).hasSizeGreaterThan(CLASSES_AT_LEAST);
  }

  @Test
  void everyPackageHasItsRow() {
    Set<String> without = new TreeSet<>();
    for (JavaClass each : classes) {
      if (row(name(each)).isEmpty()) {
        without.add(name(each));
      }
    }
    assertThat(without).isEmpty();
  }

  @Test
  void everyRowHasItsPackage() {
    Set<String> rows = new TreeSet<>(MAY_SEE.keySet());
    for (JavaClass each : classes) {
      row(name(each)).ifPresent(rows::remove);
    }
    assertThat(rows).isEmpty();
  }

  @Test
  void nobodySeesThroughWalls() {
    List<String> broken = new ArrayList<>();
    for (JavaClass each : classes) {
      String room = row(name(each)).orElseThrow();
      for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass();
        if (target.getPackageName().startsWith("hikyaku.")
            && !isIn(name(target), room)
            && MAY_SEE.get(room).stream().noneMatch(seen -> isIn(name(target), seen))) {
          broken.add(dependency.getDescription());
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void librariesStayInTheirRooms() {
    List<String> broken = new ArrayList<>();
    for (JavaClass each : classes) {
      for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
        ONLY_IN.forEach((library, room) -> {
          boolean used = isIn(dependency.getTargetClass().getPackageName(), library);
          if (used && !isIn(name(each), room)) {
            broken.add(dependency.getDescription());
          }
        });
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void lettersChangeCaseByARuleThatIsNamed() {
    noClasses()
        .should()
        .callMethod(String.class, "toLowerCase")
        .orShould()
        .callMethod(String.class, "toUpperCase")
        .because("in Turkish the small form of I is no i; name Locale.ROOT, or fold ASCII only")
        .check(classes);
  }

  @Test
  void onlyTheCommandTalksToTheTerminal() {
    noClasses()
        .that()
        .resideOutsideOfPackage("hikyaku.app..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .check(classes);
  }

  @Test
  void onlyTheCommandEndsTheProcess() {
    noClasses()
        .that()
        .resideOutsideOfPackage("hikyaku.app..")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(classes);
  }

  private static String name(JavaClass each) {
    return each.getPackageName().replaceFirst("^hikyaku\\.", "");
  }

  /** The row of the table that speaks of a package: the one with the longest name. */
  private static Optional<String> row(String packageName) {
    return MAY_SEE.keySet().stream()
        .filter(room -> isIn(packageName, room))
        .max(Comparator.comparing(String::length));
  }

  private static boolean isIn(String packageName, String room) {
    return packageName.equals(room) || packageName.startsWith(room + ".");
  }
}
