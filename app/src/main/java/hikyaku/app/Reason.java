package hikyaku.app;

import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why something failed, in words for an operator. */
public final class Reason {
  private Reason() {}

  public static String of(Throwable failure) {
    return switch (failure) {
      case AccessDeniedException e -> "no permission for " + e.getFile();
      case NoSuchFileException e -> "there is no " + e.getFile();
      case FileAlreadyExistsException e -> e.getFile() + " is in the way";
      case FileSystemException e when e.getReason() != null -> e.getFile() + ": " + e.getReason();
      case BindException e ->
          "the address is in use or not of this machine (" + e.getMessage() + ")";
      case StoreException e when e.getCause() instanceof IOException cause ->
          e.getMessage() + ": " + of(cause);
      default ->
          failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    };
  }
}
