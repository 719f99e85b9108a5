/**
 * Imported before all schemas, makes that they are interpreted and not compiled: one run is over before compiling has paid. A file
 * of its own, as schemas see the setting when they are made.
 */
import * as z from "zod";

z.config({ jitless: true });
