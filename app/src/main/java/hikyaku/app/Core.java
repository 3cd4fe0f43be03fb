package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.auth.KeyFile;
import hikyaku.server.auth.Passwords;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.AdminApi;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.MailboxOperations;
import hikyaku.server.ops.NodeOperations;
import hikyaku.server.ops.NodeStatus;
import hikyaku.stores.rocksdb.RocksStore;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A data directory opened: its store, and who and what is in it. A node adds listeners to it; a
 * command on a data directory whose node does not run needs no more.
 */
final class Core implements AutoCloseable {
  private final Opened opened = new Opened();
  private final Configuration configuration;
  private final Clock clock = Clock.systemUTC();
  private final SecureRandom random = new SecureRandom();
  private final DataDirectory data;
  private final KeyFile key;
  private final Store store;
  private final Passwords passwords;
  private final EmbeddedDirectory directory;
  private final EmbeddedDirectoryAdmin directoryAdmin;
  private final MailStore mail;

  private Core(DataDirectory data, Configuration configuration, MeterRegistry meters)
      throws IOException {
    this.configuration = configuration;
    this.data = opened.add(data);
    try {
      key = KeyFile.open(data.key());
      store = opened.add(RocksStore.open(data.store(), configuration.store(), clock));
      passwords =
          opened.add(
              new Passwords(
                  configuration.passwords().argon2(),
                  configuration.passwords().hashing(),
                  key,
                  random,
                  meters));
      directory =
          new EmbeddedDirectory(
              store.logs(), configuration.directory(), configuration.login().defaultDomain());
      directoryAdmin = new EmbeddedDirectoryAdmin(directory, passwords, random);
      mail = opened.add(new MailStore(store, clock, configuration.mailboxes()));
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Opens what is in the directory; closing it closes the directory.
   *
   * @throws Failure saying why it cannot be opened
   */
  static Core open(DataDirectory data, Configuration configuration, MeterRegistry meters)
      throws Failure {
    try {
      return new Core(data, configuration, meters);
    } catch (StoreException.Corrupt e) {
      throw new Failure(
          "The data in "
              + data.path()
              + " is damaged: "
              + Reason.of(e)
              + ". Look after the disk, then restore the files from a backup.",
          e);
    } catch (IOException | StoreException e) {
      throw new Failure(
          "The data in " + data.path() + " cannot be opened: " + Reason.of(e) + ".", e);
    }
  }

  /**
   * All operations on this data.
   *
   * @param node the node that runs on it, if one does
   */
  AdminApi adminApi(@Nullable NodeStatus node) {
    return new AdminApi(
        List.of(
            new DomainOperations(directory, directoryAdmin),
            new AccountOperations(directory, directoryAdmin, mail, node),
            new MailboxOperations(directory, mail),
            new NodeOperations(store, mail, node)));
  }

  Configuration configuration() {
    return configuration;
  }

  Clock clock() {
    return clock;
  }

  SecureRandom random() {
    return random;
  }

  DataDirectory data() {
    return data;
  }

  KeyFile key() {
    return key;
  }

  Store store() {
    return store;
  }

  Passwords passwords() {
    return passwords;
  }

  EmbeddedDirectory directory() {
    return directory;
  }

  EmbeddedDirectoryAdmin directoryAdmin() {
    return directoryAdmin;
  }

  MailStore mail() {
    return mail;
  }

  @Override
  public void close() {
    opened.close();
  }
}
