// Generated from functions/openapi.yaml by: npm run types
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ID: string;
        /** Format: date */
        Date: string;
        /** Format: date-time */
        Time: string;
        Title: string;
        Body: string | null;
        NewPassword: string;
        Credentials: {
            username: string;
            password: components["schemas"]["NewPassword"];
        };
        Login: {
            username: string;
            password: string;
            device?: string | null;
        };
        Registered: {
            username: string;
        };
        Session: {
            token: string;
            username: string;
            expiresAt: components["schemas"]["Time"];
        };
        LoginSession: {
            token: string;
            username: string;
            expiresAt: components["schemas"]["Time"];
            device: string;
        };
        PasswordChange: {
            currentPassword: string;
            newPassword: components["schemas"]["NewPassword"];
        };
        Confirmation: {
            currentPassword: string;
        };
        Nothing: Record<string, never>;
        NewTask: {
            id?: string | null;
            title: components["schemas"]["Title"];
            body?: components["schemas"]["Body"];
            dueDate: components["schemas"]["Date"];
        };
        TaskChange: {
            title?: components["schemas"]["Title"] | null;
            body?: components["schemas"]["Body"];
            dueDate?: components["schemas"]["Date"] | null;
            completed?: boolean | null;
            version: components["schemas"]["Version"];
        };
        Version: number;
        Task: {
            id: components["schemas"]["ID"];
            title: string;
            body: string;
            dueDate: components["schemas"]["Date"];
            completed: boolean;
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
            version: components["schemas"]["Version"];
            upload: boolean;
            /** @enum {string} */
            imageStatus: "none" | "pending" | "done" | "failed";
            labels: string[];
            predictions: components["schemas"]["Prediction"][];
            uploading: boolean;
            uploadError: string | null;
        };
        NewUpload: {
            bytes: number;
            /** @enum {string} */
            contentType: "image/jpeg" | "image/png" | "image/webp";
        };
        Upload: {
            url: string;
            headers: {
                [key: string]: string;
            };
            expiresAt: components["schemas"]["Time"];
            task: components["schemas"]["Task"];
        };
        Event: {
            Records?: ({
                eventName?: string | null;
                s3?: {
                    object?: {
                        key?: string | null;
                    } | null;
                } | null;
            } | null)[] | null;
        };
        Prediction: {
            label: string;
            score: number;
        };
        Found: components["schemas"]["Task"] | components["schemas"]["Task"][];
        Deleted: {
            deleted: components["schemas"]["ID"];
        };
        Error: {
            error: {
                code: components["schemas"]["ErrorCode"];
                message: string;
                fields?: {
                    [key: string]: string;
                };
                requestId: string;
            };
        };
        /** @enum {string} */
        ErrorCode: "invalid_query" | "invalid_json" | "invalid_fields" | "body_incomplete" | "body_not_wanted" | "nothing_to_change" | "picture_missing" | "unauthorized" | "wrong_credentials" | "registration_off" | "quota_exceeded" | "task_not_found" | "no_picture" | "picture_not_found" | "method_not_allowed" | "username_taken" | "task_deleted" | "stale_version" | "last_version" | "picture_changed" | "too_large" | "picture_too_large" | "picture_type" | "picture_broken" | "picture_unsupported" | "picture_too_complex" | "too_many_attempts" | "too_many_registrations" | "too_many_searches" | "too_many_uploads" | "unavailable" | "outcome_unknown" | "busy" | "timed_out";
    };
    responses: never;
    parameters: {
        id: components["schemas"]["ID"];
        findID: components["schemas"]["ID"];
        status: "open" | "done";
        due: "overdue" | "today" | "week";
        today: components["schemas"]["Date"];
        label: string;
        q: string;
        sort: "created" | "due";
        limit: number;
        cursor: string;
        size: "full" | "thumb";
        ifNoneMatch: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
